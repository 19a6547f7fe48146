import type { Config } from '../../config/config.js';
import { languageName, primaryLanguage, sameLanguage, undetermined } from '../../domain/language.js';
import { languageOfFileName } from '../../domain/language-names.js';
import { DubError } from '../../errors.js';
import type { Chosen } from '../../pipeline/job.js';
import type { AsrProvider } from '../../providers/asr/contract.js';

/**
 * The language of the speech as far as it is known before recognition.
 * @param translated the targets that have a finished translation; with one for each nobody needs to know the language,
 * except who clones voices
 * @throws USAGE when neither --from, the script's name nor the recogniser can tell
 */
export function settleSource(
  config: Config,
  asr: Chosen<AsrProvider> | undefined,
  translated: ReadonlyMap<string, unknown>,
): string | undefined {
  if (config.from !== undefined) return config.from;
  if (config.script !== undefined) {
    const language = languageOfFileName(config.script);
    if (language !== undefined) return language;
    if (config.voices !== 'clone' && config.to.every((target) => translated.has(target))) return undetermined;
    throw new DubError('USAGE', `The language of ${config.script} is not known.`, {
      hint: 'Say it with --from, for example --from en, or in the name: talk.en.srt.',
    });
  }
  if (!asr?.provider.limits.needsAudio || asr.provider.limits.detectsLanguage) return undefined;
  const { languages } = asr.provider.limits;
  if (languages !== 'any' && languages.length === 1) return languages[0];
  throw new DubError('USAGE', `${asr.label} cannot tell which language is spoken.`, {
    hint: 'Say it with --from, for example --from en.',
  });
}

/**
 * Throws USAGE when a target is the language of the speech. Two tags are one language unless both name a region or a
 * script and differ in it.
 */
export function refuseSource(target: string, source: string | undefined): void {
  if (source === undefined || !sameLanguage(source, target)) return;
  const isWhole = (tag: string) => tag !== primaryLanguage(tag);
  if (source !== target && isWhole(source) && isWhole(target)) return;
  throw new DubError(
    'USAGE',
    `The speech is ${languageName(source) ?? source} (${source}) already, and --to asks for ${target}.`,
    {
      hint: 'Change --to, or --from if the speech is in another language.',
    },
  );
}
