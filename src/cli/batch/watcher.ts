import type { Config } from '../../config/config.js';
import type { RunEvent } from '../../pipeline/events.js';
import type { Call } from '../call.js';
import { canRedraw } from '../render/style.js';
import { visible } from '../render/text.js';
import type { BatchFile } from './files.js';

/** Shows on stderr how the files of a batch come on. */
export interface Watcher {
  event(file: BatchFile, event: RunEvent): void;
  /** What a file's process tells people; shown under --verbose only. */
  text(file: BatchFile, text: string): void;
  finish(file: BatchFile): void;
  line(text: string): void;
  /** Prints to stdout, which may be the same terminal: the bars make way. */
  print(text: string): void;
  end(): void;
}

/** A bar for each file on a terminal, nothing but lines in a log. */
export async function createWatcher({ io, say, print }: Call, { quiet, verbose }: Config): Promise<Watcher> {
  const draws = !quiet && canRedraw(io.stderr, io.env);
  const bars = draws ? await (await import('../render/bars.js')).createBars(io.stderr) : undefined;
  const showing = new Map<string, { readonly key: string; readonly label: string }>();
  const line = (text: string) => (bars ? bars.line(`${text}\n`) : say(`${text}\n`));

  function finish({ path }: BatchFile): void {
    const stage = showing.get(path);
    if (stage !== undefined) bars?.finish(stage.key);
    showing.delete(path);
  }

  return {
    event(file, event) {
      if (event.type === 'stage-start') {
        finish(file);
        const stage = [event.stage, event.language].filter((word) => word !== undefined).join(' ');
        const key = `${file.path} ${stage}`;
        const label = `${file.label} ${stage}`;
        showing.set(file.path, { key, label });
        bars?.begin(key, label);
      }
      const shown = showing.get(file.path);
      if (event.type === 'stage-progress' && shown !== undefined) bars?.advance(shown.key, event.done, event.total);
    },
    text(file, text) {
      if (verbose && !quiet) line(`${visible(file.label)}: ${visible(text)}`);
    },
    finish,
    line,
    print(text) {
      for (const { key } of showing.values()) bars?.finish(key);
      print(text);
      for (const { key, label } of showing.values()) bars?.begin(key, label);
    },
    end: () => bars?.stop(),
  };
}
