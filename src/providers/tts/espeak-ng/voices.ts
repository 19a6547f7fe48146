import { parseLanguage, primaryLanguage } from '../../../domain/language.js';
import type { Voice } from '../contract.js';

/** A row of `espeak-ng --voices`. */
export interface EspeakVoice {
  /** What `-v` takes, and a language tag: `es-419`, `cmn`. */
  readonly name: string;
  readonly title: string;
  /** Other tags it answers to with espeak-ng's own priority, 1 best. */
  readonly others: readonly { readonly tag: string; readonly priority: number }[];
}

/** Variants that sound clearly unlike each other, female and male by turns, so that several speakers can differ. */
const offeredVariants = ['f2', 'm3', 'f4', 'm7', 'f1', 'm1', 'f3', 'm2', 'f5', 'm4', 'm5', 'm6', 'm8'];

/** Reads the table that `espeak-ng --voices` prints: priority, language, age/gender, name, file, other languages. */
export function readVoiceTable(table: string): EspeakVoice[] {
  const voices = new Map<string, EspeakVoice>();
  for (const line of table.split('\n').slice(1)) {
    const [, name, , title, file] = line.trim().split(/\s+/);
    // Two rows may share a name (`yue`); only the first can be reached by it. mbrola voices need data of their own.
    if (!name || !title || !file || voices.has(name) || file.startsWith('mb/')) continue;
    const others = [...line.matchAll(/\((\S+) (\d+)\)/g)].map(([, tag = '', priority]) => ({
      tag,
      priority: Number(priority),
    }));
    voices.set(name, { name, title: title.replaceAll('_', ' '), others });
  }
  return [...voices.values()];
}

/** Reads `espeak-ng --voices=variant`: what may follow the `+` of a voice. */
export function readVariantTable(table: string): Set<string> {
  return new Set([...table.matchAll(/\s!v\/(\S+)/g)].map(([, name]) => name ?? ''));
}

/** Voices for a language, best first, each with its installed variants right behind it; all when undefined. */
export function offerVoices(
  voices: readonly EspeakVoice[],
  variants: ReadonlySet<string>,
  language: string | undefined,
): Voice[] {
  const ranked = voices
    .map((voice) => ({ voice, rank: language === undefined ? 0 : rankFor(voice, language) }))
    .filter((entry): entry is { voice: EspeakVoice; rank: number } => entry.rank !== undefined)
    .sort((a, b) => a.rank - b.rank);
  const offered = offeredVariants.filter((variant) => variants.has(variant));
  return ranked.flatMap(({ voice }) => [undefined, ...offered].map((variant) => toVoice(voice, variant)));
}

/**
 * How well a voice suits a language, 0 best, undefined when it does not speak it: its own tag, a tag it answers to, the
 * language without its region, a sister region. Hong Kong and Macau speak Cantonese; readers of Latin script come last.
 */
function rankFor(voice: EspeakVoice, language: string): number | undefined {
  const asked = (parseLanguage(language) ?? language).toLowerCase();
  const wanted = asked === 'zh-hk' || asked === 'zh-mo' ? 'yue' : asked;
  const primary = primaryLanguage(wanted);
  const latin = voice.name.includes('-latn') && !wanted.includes('-latn') ? 10 : 0;
  const priorityOf = (tag: string) =>
    voice.name === tag ? 0 : voice.others.find((other) => other.tag === tag)?.priority;
  const exact = priorityOf(wanted);
  if (exact !== undefined) return latin + exact;
  const general = priorityOf(primary);
  if (general !== undefined) return 20 + latin + general;
  return primaryLanguage(parseLanguage(voice.name) ?? voice.name) === primary ? 50 + latin : undefined;
}

function toVoice(voice: EspeakVoice, variant: string | undefined): Voice {
  // `zh-yue` is an older spelling of `yue`.
  const others = voice.others.map((other) => other.tag).filter((tag) => !/^[a-z]{2,3}-[a-z]{3}$/.test(tag));
  const tags = [voice.name, ...others].map((tag) => parseLanguage(tag) ?? tag);
  return {
    name: variant === undefined ? voice.name : `${voice.name}+${variant}`,
    languages: [...new Set(tags)],
    gender: variant?.startsWith('f') ? 'female' : 'male',
    note: voice.title,
  };
}
