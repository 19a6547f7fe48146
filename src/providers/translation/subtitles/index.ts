import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { parseLanguage, sameLanguage } from '../../../domain/language.js';
import { formatClock } from '../../../domain/time.js';
import { DubError, throwIfAborted } from '../../../errors.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { readCueFile, someOf } from '../../vendors/cue-file/read.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import type { TranslationLine, TranslationProvider, TranslationReply, TranslationRequest } from '../contract.js';
import { type Matching, matchCues } from './match.js';

const subtitleOptions = z.strictObject({
  /** Target language to SRT or WebVTT file. */
  files: z.record(z.string().min(1), z.string().min(1)).default({}),
});

type SubtitleOptions = z.output<typeof subtitleOptions>;

/** Takes the translation from subtitle files, matched to the script by cue number and time. */
export const subtitles = defineProvider({
  kind: 'translation',
  name: 'subtitles',
  summary: 'the translation from an SRT or WebVTT file per target language',
  options: subtitleOptions,
  create: (options): TranslationProvider => new SubtitleTranslation(options),
});

class SubtitleTranslation implements TranslationProvider {
  readonly limits = {
    // A cue finds its line only when all are there.
    wholeScript: true,
    maxLines: Number.MAX_SAFE_INTEGER,
    maxChars: Number.MAX_SAFE_INTEGER,
    concurrency: 1,
    adapts: false,
  } as const;

  constructor(private readonly options: SubtitleOptions) {}

  ready() {
    return readinessOf(async () => {
      const files = Object.entries(this.options.files);
      if (files.length === 0) throw noFile(undefined, []);
      const read = await Promise.all(
        files.map(
          async ([tag, file]) => `${basename(file)} (${tag}, ${(await readCueFile(resolve(file))).cues.length} cues)`,
        ),
      );
      return read.join(', ');
    });
  }

  async supports(_source: string, target: string): Promise<boolean> {
    return this.fileFor(target) !== undefined;
  }

  async translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply> {
    throwIfAborted(signal);
    const file = this.fileFor(request.target);
    if (file === undefined) throw noFile(request.target, Object.keys(this.options.files));
    const { cues, warnings } = await readCueFile(resolve(file));
    const name = basename(file);
    const matching = matchCues(request.lines, cues, request.target);
    return {
      ...noNotes,
      warnings: [...warnings, ...warningsOf(matching, name)],
      lines: request.lines.flatMap(({ id }) => {
        const text = matching.texts.get(id);
        return text === undefined ? [] : [{ id, text }];
      }),
      failures: request.lines.filter(({ id }) => !matching.texts.has(id)).map((line) => failureFor(line, name)),
    };
  }

  private fileFor(target: string): string | undefined {
    const files = Object.entries(this.options.files);
    const wanted = parseLanguage(target) ?? target;
    const exact = files.find(([tag]) => (parseLanguage(tag) ?? tag) === wanted);
    return (exact ?? files.find(([tag]) => sameLanguage(tag, wanted)))?.[1];
  }
}

function failureFor(line: TranslationLine, name: string) {
  const when = `${formatClock(line.startMs)} to ${formatClock(line.endMs)}`;
  return { id: line.id, code: 'USAGE', message: `${name} has no cue for this line (${when}).` };
}

function warningsOf(matching: Matching, name: string): string[] {
  const warnings: string[] = [];
  const { unmatched, shared, shiftMs } = matching;
  if (unmatched.length > 0) {
    const cues = unmatched.map((cue) => `${cue.number} (${formatClock(cue.startMs)})`);
    warnings.push(`${name}: cues that belong to no line of the script are not voiced: ${someOf(cues)}.`);
  }
  if (shared.length > 0) {
    const cues = shared.map(({ number, ids }) => `${number} (${ids.join(', ')})`);
    warnings.push(`${name}: cues that span several lines of the script were divided: ${someOf(cues)}.`);
  }
  if (shiftMs !== 0) {
    const way = shiftMs > 0 ? 'later' : 'earlier';
    warnings.push(
      `${name}: its cues are ${Math.abs(shiftMs) / 1000} s ${way} than the script's; they were matched so.`,
    );
  }
  return warnings;
}

function noFile(target: string | undefined, given: readonly string[]): DubError {
  const which = target === undefined ? 'No translation file is given.' : `No translation file is given for ${target}.`;
  const others = given.length === 0 ? '' : ` There is one for ${given.join(', ')}.`;
  return new DubError('PROVIDER_UNSUPPORTED', which + others, {
    hint: `Name it with --translation ${target ?? 'LANG'}=FILE.srt, or choose a translator with --translator.`,
  });
}
