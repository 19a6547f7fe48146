import { languageName, parseLanguage } from './language.js';
import { nearestNames } from './nearest.js';

/** Tags with a name of their own that people ask for; every two-letter language is known besides. */
const regional = [
  'zh-Hans',
  'zh-Hant',
  'pt-BR',
  'pt-PT',
  'en-US',
  'en-GB',
  'es-ES',
  'es-MX',
  'es-419',
  'fr-CA',
  'yue',
  'fil',
];

const alias: ReadonlyMap<string, string> = new Map([
  ['mandarin', 'zh'],
  ['putonghua', 'zh'],
  ['castilian', 'es'],
  ['farsi', 'fa'],
  ['tagalog', 'fil'],
  ['flemish', 'nl'],
  ['brazilian', 'pt-BR'],
]);

/**
 * The language a person means: a BCP 47 tag (`pt-br`), a three-letter code (`spa`), an English name (`Spanish`) or the
 * language's name for itself (`Español`).
 * @returns the tag in its usual spelling, undefined when nothing fits
 */
export function findLanguage(text: string): string | undefined {
  const wanted = text.trim();
  return parseLanguage(wanted) ?? alias.get(wanted.toLowerCase()) ?? tagOfName(wanted);
}

/**
 * Tags near a text that names no language: by country code (`jp` gives `ja`), by the start of the name (`spa…`) and by
 * spelling (`spanich`).
 */
export function nearLanguages(text: string, count = 3): string[] {
  const wanted = text.trim().toLowerCase();
  const names = englishNames();
  const starting = wanted.length < 2 ? [] : [...names.keys()].filter((name) => name.startsWith(wanted));
  const spelt = wanted.length < 4 ? [] : nearestNames(wanted, [...names.keys()], count);
  const tags = [...starting.slice(0, count), ...spelt].map((name) => names.get(name)!);
  const ofCountry = languageOfCountry(wanted);
  return [...new Set([...(ofCountry === undefined ? [] : [ofCountry]), ...tags])].slice(0, count);
}

function tagOfName(text: string): string | undefined {
  const wanted = text.toLowerCase();
  const english = englishNames().get(wanted);
  if (english !== undefined || wanted.length < 2) return english;
  return [...englishNames().values()].find((tag) => languageName(tag, tag)?.toLowerCase() === wanted);
}

let names: Map<string, string> | undefined;

function englishNames(): Map<string, string> {
  if (names) return names;
  names = new Map();
  for (const tag of [...twoLetterCodes(), ...regional]) {
    const name = languageName(tag)?.toLowerCase();
    if (name !== undefined && !names.has(name)) names.set(name, tag);
  }
  return names;
}

function twoLetterCodes(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  return codes.filter((code) => parseLanguage(code) === code);
}

/** What is mostly spoken in a country, by CLDR's likely subtags; undefined when the text is no country code. */
function languageOfCountry(code: string): string | undefined {
  if (!/^[a-z]{2}$/.test(code)) return undefined;
  const language = new Intl.Locale(`und-${code}`).maximize().language;
  return language === 'und' || language === 'en' ? undefined : parseLanguage(language);
}

/** The language that a file's name tells: `en` of `talk.en.srt`, `pt-BR` of `talk.pt-BR.forced.vtt`. */
export function languageOfFileName(path: string): string | undefined {
  const name = path.split(/[/\\]/).at(-1)!;
  const parts = name.split('.').slice(1, -1).reverse();
  return parts.map(parseLanguage).find((tag) => tag !== undefined);
}
