import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CallResult, callDub, jsonLines } from '../support/command.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** The talk of the fixtures in a folder of its own, and how to dub it. */
export interface Talk {
  readonly folder: string;
  readonly film: string;
  readonly output: string;
  /** The offline dub to Spanish, with more arguments behind. */
  dub(...more: readonly string[]): Promise<CallResult>;
}

/** Copies the talk and its texts into `folder`. */
export async function copyTalk(folder: string): Promise<Talk> {
  for (const name of ['talk.mp4', 'talk.en.srt', 'talk.es.srt']) {
    await copyFile(join(fixtures, name), join(folder, name === 'talk.es.srt' ? 'spanish.srt' : name));
  }
  const film = join(folder, 'talk.mp4');
  const args = [film, '--to', 'es', '--offline', '--script', 'talk.en.srt', '--translation', 'es=spanish.srt'];
  return {
    folder,
    film,
    output: join(folder, 'talk.es.mp4'),
    dub: (...more) => callDub([...args, ...more], { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') } }),
  };
}

/** Which stages of a `--json` run did their work, and which kept an earlier run's. */
export function stagesOf(stdout: string): { readonly made: string[]; readonly kept: string[] } {
  const ends = jsonLines(stdout).filter((event) => event.type === 'stage-end');
  const named = (kept: boolean) => ends.filter((event) => event.kept === kept).map((event) => String(event.stage));
  return { made: named(false), kept: named(true) };
}
