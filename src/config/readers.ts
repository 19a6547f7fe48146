import { isAbsolute, join, resolve } from 'node:path';
import { languageName } from '../domain/language.js';
import { findLanguage, nearLanguages } from '../domain/language-names.js';
import { nearestName } from '../domain/nearest.js';
import { parseClock, type Span } from '../domain/time.js';
import { DubError } from '../errors.js';
import type { ProviderOptions, Shard, TranslationFile } from './config.js';
import type { Place, Reader } from './option.js';

/** Text that is not empty. */
export function readText(raw: unknown, place: Place): string {
  if (typeof raw !== 'string') throw bad(place, `${place.label} must be text, not ${describe(raw)}.`);
  if (raw.trim() === '') throw bad(place, `${place.label} is empty.`, 'Give it a value or leave it out.');
  if (raw.includes('\0')) throw bad(place, `${place.label} holds a NUL character, which no name or path can.`);
  return raw;
}

/** Text as it is pasted: white space around it is no part of a key, a name or an address. */
export function readWord(raw: unknown, place: Place): string {
  return readText(raw, place).trim();
}

/** A path, made absolute from the place's folder. */
export function readPath(raw: unknown, place: Place): string {
  return resolve(place.folder, readText(raw, place));
}

/** A file to read, or `-` for stdin. */
export function readPathOrDash(raw: unknown, place: Place): string {
  return raw === '-' ? '-' : readPath(raw, place);
}

/** `2/8`: the second of eight parts. */
export function readShard(raw: unknown, place: Place): Shard {
  const text = readText(raw, place).trim();
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  const hint = 'Write it as part/parts and count from 1: 1/8 to 8/8. An array that counts from 0 adds one.';
  if (index === undefined || count === undefined) throw bad(place, `${place.label}: \`${text}\` is not a part.`, hint);
  if (index >= 1 && index <= count) return { index, count };
  throw bad(place, `${place.label}: there is no part ${index} of ${count}.`, hint);
}

/** A program: a bare name is looked up in PATH, anything with a separator is a path from the place's folder. */
export function readProgram(raw: unknown, place: Place): string {
  const text = readText(raw, place);
  return /[\\/]/.test(text) ? resolve(place.folder, text) : text;
}

/** `name[:model]`, a package, or a module's path, which is made absolute; several after commas are a chain. */
export function readProviderSpec(raw: unknown, place: Place): string {
  const names = (Array.isArray(raw) ? raw : [raw]).flatMap((item) => readText(item, place).split(','));
  const specs = names.map((name) => name.trim());
  if (specs.includes(''))
    throw bad(place, `${place.label} has an empty place between its commas.`, 'For example qwen,indextts.');
  const twice = specs.find((spec, index) => specs.indexOf(spec) < index);
  if (twice !== undefined) throw bad(place, `${place.label} names ${twice} twice.`, 'Name each engine once.');
  return specs.map((spec) => (spec.startsWith('.') ? resolve(place.folder, spec) : spec)).join(',');
}

/** True or false; text may say it as 1/0, true/false, yes/no, on/off. */
export function readSwitch(raw: unknown, place: Place): boolean {
  if (typeof raw === 'boolean') return raw;
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : '';
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  if (['0', 'false', 'no', 'off'].includes(word)) return false;
  throw bad(place, `${place.label} must be true or false, not ${describe(raw)}.`);
}

/** One of a few words. */
export function readChoice<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (raw, place) => {
    const found = choices.find((choice) => choice === raw);
    if (found !== undefined) return found;
    const near = typeof raw === 'string' ? nearestName(raw, choices) : undefined;
    throw bad(
      place,
      `${place.label} must be ${orList(choices)}, not ${describe(raw)}.`,
      near === undefined ? undefined : `Did you mean \`${near}\`?`,
    );
  };
}

/** A whole number within bounds. */
export function readWhole(least: number, most: number): Reader<number> {
  return (raw, place) => {
    const value =
      typeof raw === 'number' ? raw : typeof raw === 'string' && /^\s*\d+\s*$/.test(raw) ? Number(raw) : Number.NaN;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw bad(place, `${place.label} must be a whole number from ${least} to ${most}, not ${describe(raw)}.`);
  };
}

const sizes = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** A number of bytes, `500M` or `10G` (powers of 1024); `none` for no limit. */
export function readSize(raw: unknown, place: Place): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : readText(raw, place).trim().toLowerCase();
  if (text === 'none') return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b?)$/.exec(text);
  if (match === null)
    throw bad(place, `${place.label} must be a size, not ${describe(raw)}.`, 'Write it as 500M or 10G.');
  const [, count, unit] = match;
  return Math.round(Number(count) * (unit === undefined ? 1 : sizes[unit as keyof typeof sizes]));
}

/** A number within bounds. */
export function readNumber(least: number, most: number, unit: string): Reader<number> {
  return (raw, place) => {
    const value =
      typeof raw === 'number' ? raw : typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : Number.NaN;
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    const turned = Number.isFinite(value) && -value >= least && -value <= most;
    throw bad(
      place,
      `${place.label} must be a number from ${least} to ${most} ${unit}, not ${describe(raw)}.`,
      turned ? `Did you mean ${-value}?` : undefined,
    );
  };
}

/** One language, by tag or by name. */
export function readLanguage(raw: unknown, place: Place): string {
  const text = readText(raw, place).trim();
  const found = findLanguage(text);
  if (found !== undefined) return found;
  const near = nearLanguages(text).map((tag) => `\`${tag}\` (${languageName(tag)})`);
  throw bad(
    place,
    `${place.label}: \`${text}\` is not a language.`,
    near.length > 0
      ? `Did you mean ${orList(near)}?`
      : 'Use a tag such as es, pt-BR or zh, or an English name such as Spanish.',
  );
}

/** Languages separated by commas, or a list; repeats are dropped. */
export function readLanguages(raw: unknown, place: Place): readonly string[] {
  const given = Array.isArray(raw) ? raw : [raw];
  const texts = given.flatMap((item) => readText(item, place).split(',')).filter((text) => text.trim() !== '');
  if (texts.length === 0) throw bad(place, `${place.label} names no language.`, 'For example es, or es,fr for two.');
  return [...new Set(texts.map((text) => readLanguage(text, place)))];
}

/** `1:00-1:30`; either end may be left out. */
export function readRange(raw: unknown, place: Place): Span {
  const text = readText(raw, place);
  const [, start = '', end = ''] = /^([\d:.,]*)\s*[-–]\s*([\d:.,]*)$/.exec(text.trim()) ?? [];
  const startMs = start === '' ? 0 : parseClock(start);
  const endMs = end === '' ? Number.MAX_SAFE_INTEGER : parseClock(end);
  const shape = 'Write it as start-end, for example 1:00-1:30, 90-120 or 1:00- for the rest.';
  if (startMs === undefined || endMs === undefined || (start === '' && end === '')) {
    throw bad(place, `${place.label}: \`${text}\` is not a stretch of time.`, shape);
  }
  if (endMs <= startMs) throw bad(place, `${place.label}: \`${text}\` ends before it starts.`, shape);
  return { startMs, endMs };
}

/** `es=talk.es.srt` or a plain path, several; from a file also a mapping of language to path. */
export function readTranslations(raw: unknown, place: Place): readonly TranslationFile[] {
  const given = Array.isArray(raw) ? raw : [raw];
  return given.map((item) => readTranslation(readText(item, place), place));
}

/** A part before `=` that names no language belongs to the path: `a=b.srt` is a file. */
function readTranslation(text: string, place: Place): TranslationFile {
  const [, before = '', path = ''] = /^([^=/\\]+)=(.+)$/s.exec(text) ?? [];
  const language = before === '' ? undefined : findLanguage(before);
  if (language !== undefined) return { language, path: resolve(place.folder, path) };
  return { language: undefined, path: resolve(place.folder, text) };
}

/** `NAME` for every speaker or `SPEAKER=NAME`, several; from a file also a mapping of speaker to name. */
export function readVoices(raw: unknown, place: Place): Readonly<Record<string, string>> {
  const voices = new Map<string, string>();
  if (isMapping(raw)) {
    for (const [speaker, name] of Object.entries(raw)) voices.set(speaker, readText(name, place));
  } else {
    for (const item of Array.isArray(raw) ? raw : [raw]) {
      const text = readText(item, place);
      // What has a slash before the `=` is a path or a link.
      const [, speaker = '*', name = text] = /^([^=/\\]*)=(.*)$/s.exec(text) ?? [];
      if (speaker.trim() === '' || name.trim() === '')
        throw bad(place, `${place.label}: \`${text}\` is not of the form SPEAKER=VOICE.`, 'For example: A=Cherry.');
      voices.set(speaker.trim(), name.trim());
    }
  }
  return Object.fromEntries(voices);
}

const placeholders = ['dir', 'name', 'lang', 'ext'];

/** An output path with placeholders; a trailing separator means "in this folder, under the usual name". */
export function readOutput(raw: unknown, place: Place): string {
  const text = readText(raw, place);
  for (const [whole, word = ''] of text.matchAll(/\{(\w+)\}/g)) {
    if (placeholders.includes(word)) continue;
    const near = nearestName(word, placeholders);
    throw bad(
      place,
      `${place.label}: \`${whole}\` is not a placeholder.`,
      `${near ? `Did you mean {${near}}? ` : ''}There are {dir}, {name}, {lang} and {ext}.`,
    );
  }
  const whole = /[\\/]$/.test(text) ? join(text, '{name}.{lang}{ext}') : text;
  return isAbsolute(whole) || whole.startsWith('{dir}') ? whole : resolve(place.folder, whole);
}

/** An audio track: its number from 0, or a language as BCP 47. */
export function readAudioTrack(raw: unknown, place: Place): number | string {
  const number = typeof raw === 'string' && /^\s*\d{1,3}\s*$/.test(raw) ? Number(raw) : raw;
  if (typeof number !== 'number') return readLanguage(raw, place);
  if (Number.isInteger(number) && number >= 0) return number;
  throw bad(place, `${place.label} must be the number of an audio track, from 0, not ${describe(raw)}.`);
}

/** How many speakers there are, 1 to 100, or `auto`. */
export function readSpeakers(raw: unknown, place: Place): number | 'auto' {
  const given = typeof raw === 'string' ? raw.trim().toLowerCase() : raw;
  if (given === 'auto') return given;
  const count = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw bad(place, `${place.label} must be auto or a number from 1 to 100, not ${describe(raw)}.`);
}

/** Options of providers, `{"tts:piper": {"model": "…"}}`; their own keys are checked when the provider is made. */
export function readProviderOptions(raw: unknown, place: Place): ProviderOptions {
  const shape = 'Write it as {"tts:piper": {"model": "…"}}: kind, colon, name, then the options.';
  if (!isMapping(raw)) throw bad(place, `${place.label} must be a mapping, not ${describe(raw)}.`, shape);
  const entries = Object.entries(raw).map(([name, options]) => {
    const [, kind = '', rest = ''] = /^(\w+):(.+)$/.exec(name) ?? [];
    const known = kindByWord.get(kind);
    if (known === undefined) {
      const kinds = orList([...kindByWord.keys()]);
      throw bad(place, `${place.label}: \`${name}\` names no provider.`, `${shape} The kind is ${kinds}.`);
    }
    if (!isMapping(options)) throw bad(place, `${place.label}: the options of \`${name}\` must be a mapping.`, shape);
    return [`${known}:${rest}`, withPaths(options, place)] as const;
  });
  return Object.fromEntries(entries);
}

/** Only text that begins with `./` or `../` is known to be a path here; the provider reads the rest its own way. */
function withPaths(options: Readonly<Record<string, unknown>>, place: Place): Readonly<Record<string, unknown>> {
  const isPath = (value: unknown) => typeof value === 'string' && /^\.\.?[/\\]/.test(value);
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    isPath(value) ? resolve(place.folder, value as string) : value,
  ]);
  return Object.fromEntries(entries);
}

/** The kinds of provider by the words a person uses for them: those of the flags and those of the contracts. */
const kindByWord: ReadonlyMap<string, string> = new Map([
  ['asr', 'asr'],
  ['translator', 'translation'],
  ['tts', 'tts'],
  ['store', 'storage'],
  ['translation', 'translation'],
  ['storage', 'storage'],
]);

/** True for an object that is neither a list nor null. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A raw value as an error names it. */
export function describe(raw: unknown): string {
  if (typeof raw === 'string') return `\`${raw}\``;
  if (Array.isArray(raw)) return 'a list';
  if (raw === null || raw === undefined) return 'nothing';
  return typeof raw === 'object' ? 'a mapping' : `\`${String(raw)}\``;
}

/** The error for a value that is not as it must be. */
export function bad(place: Place, message: string, hint?: string): DubError {
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return new DubError(place.code, sentence, hint === undefined ? {} : { hint });
}
