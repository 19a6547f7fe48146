import { languageName, sameLanguage } from '../../domain/language.js';
import type { Script } from '../../domain/script.js';
import type { TranslationProvider } from '../../providers/translation/contract.js';
import type { Chosen, DubJob, Target } from '../job.js';
import { refuseSpoken } from '../range.js';

/** Leaves every line as it was said. */
const ownWords: TranslationProvider = {
  limits: { maxLines: 10_000, maxChars: 10_000_000, concurrency: 1, adapts: false },
  ready: async () => ({ ready: true, detail: 'needs nothing' }),
  supports: async (source, target) => sameLanguage(source, target),
  translate: async ({ lines }) => ({
    ...{ lines: lines.map(({ id, text }) => ({ id, text })), failures: [] },
    ...{ warnings: [], units: [], requestIds: [] },
  }),
};

const chosen: Chosen<TranslationProvider> = { label: 'own words', provider: ownWords, options: {}, files: [] };

/**
 * What becomes of targets in the language that recognition found: their own words are voiced, and that is said. Recognition
 * is paid by then, and whoever asks for a language wants to hear it.
 * @throws USAGE when the language was known before: then the question was put wrong
 */
export function tellSpoken(job: DubJob, script: Script, warn: (language: string, message: string) => void): void {
  const wasHeard = job.asr.provider.limits.needsAudio && job.sourceLanguage === undefined;
  for (const { language } of job.targets) {
    if (!wasHeard) refuseSpoken(language, script.language);
    else if (sameLanguage(language, script.language)) warn(language, spokenAlready(script.language));
  }
}

function spokenAlready(language: string): string {
  const name = languageName(language) ?? language;
  return `The speech is ${name} (${language}) already: its own words are voiced, untranslated. If it is another language, name it with --from.`;
}

/** The target as it is made: in the language that is spoken, nothing is translated. */
export function withOwnWords(target: Target, script: Script): Target {
  return sameLanguage(target.language, script.language) ? { ...target, translator: chosen } : target;
}
