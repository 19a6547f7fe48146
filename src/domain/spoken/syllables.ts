import { primaryLanguage } from '../language.js';
import { englishSyllables } from './english.js';
import { frenchSyllables } from './french.js';

/** How a language's written vowels make syllables. */
interface VowelRule {
  /** Letters that carry a syllable, lower case, composed. */
  readonly vowels: string;
  /** Groups that are one syllable together, longest first; every other vowel is one by itself. */
  readonly together?: RegExp | undefined;
  /** Vowels that are written and not spoken as one, taken out first. */
  readonly silent?: readonly (readonly [RegExp, string])[] | undefined;
  /** Whole words that the rule gets wrong. */
  readonly words?: Readonly<Record<string, number>> | undefined;
}

const romance = {
  // u is silent after q, and after g before e and i.
  silent: [
    [/qu(?=[eiéíêàèì])|gu(?=[eiéíêèì])/g, 'k'],
    [/qu/g, 'kw'],
  ] as const,
};

const rules: Readonly<Record<string, VowelRule>> = {
  es: {
    vowels: 'aeiouyáéíóúü',
    // Weak vowels lean on strong ones unless the accent makes them strong; y is a vowel at a word's end only.
    together: /[iuü]?[aeoáéó][iuy](?![\p{L}])|[iuü]?[aeoáéó][iu]|[iuü][aeoáéó]|ui|iu|uí|iú|üi|uy/gu,
    silent: [...romance.silent, [/y(?=[aeiouáéíóú])/g, 'j'], [/(?<=[aeiou])h(?=[iu][^aeiou])/g, '']],
  },
  it: {
    vowels: 'aeiouyàèéìíòóùú',
    together: /[iu]?[aeoàèéòó][iu]|[iu][aeoàèéòó]|ui|iu|uo/g,
    silent: [...romance.silent, [/(?<=[cg]|sc|gl)i(?=[aeou])/g, '']],
    words: ofWords('1:ciao 2:mio tuo suo mia tua sua mie tue sue due zio zia zii dio via vie tuoi suoi 3:paura aerei'),
  },
  pt: {
    vowels: 'aeiouyáâãàéêíóôõúü',
    // Falling diphthongs are one syllable; what rises is two, but for the end of a word with an accent before it.
    together:
      /ão|ãe|õe|[aeoáéóâêô][iu]|ui|iu|(?<=[áâéêíóôú][^aeiouáâãéêíóôõú]+)(?:i[aoe]|u[aoe]|eo|ea|oa)(?=s?(?!\p{L}))/gu,
    silent: [...romance.silent, [/gu(?=a)/g, 'gw'], [/[aeo]í|[aeo]ú/g, 'a-i']],
  },
  de: {
    vowels: 'aeiouyäöü',
    together: /ie|ei|ai|ey|ay|eu|äu|au|aa|ee|oo/g,
    silent: [
      [/(?<=[tsx])ion/g, 'jon'],
      [/(?<=t)ien(?=t)/g, 'ien'],
      [/(?<=[lnr])ien(?!\p{L})/gu, 'i-en'],
      [/qu/g, 'kw'],
      [/eum(?!\p{L})/gu, 'e-um'],
      [/(?<=[bg])e(?=[aeiouäöü])/g, 'e-'],
    ],
  },
  nl: {
    vowels: 'aeiouyéèëïöüä',
    together: /aai|ooi|oei|ieu|eeu|aa|ee|oo|uu|ie|oe|eu|ui|ij|ei|ou|au/g,
    silent: [
      [/(?<=[ts])ie(?!\p{L})/gu, 'i'],
      [/qu/g, 'kw'],
    ],
  },
  pl: {
    vowels: 'aąeęioóuy',
    together: /au|(?<!ni)eu(?!sz)/g,
    // i only softens the consonant where a vowel follows.
    silent: [[/(?<=[^aąeęioóuy])i(?=[aąeęoóu])/g, 'j']],
  },
  cs: {
    vowels: 'aáeéěiíoóuúůyý',
    together: /ou|au|eu/g,
    silent: [...syllabicConsonants('aáeéěiíoóuúůyý'), [/(?<=sed|os)m(?![aáeéěiíoóuúůyý])/g, 'um']],
  },
  sk: { vowels: 'aáäeéiíoóôuúyý', together: /ia|ie|iu|ou|au/g, silent: syllabicConsonants('aáäeéiíoóôuúyý') },
  hr: { vowels: 'aeiou', silent: syllabicConsonants('aeiou') },
  sl: { vowels: 'aeiou', silent: syllabicConsonants('aeiou') },
  ro: {
    vowels: 'aăâeiîou',
    together: /[aeăo][iu]|ea|ia|ie|io|iu|oa|ua|uă/g,
    silent: [[/(?<=[^aăâeiîou])i(?!\p{L})/gu, 'j']],
  },
  ca: { vowels: 'aàeèéiíïoòóuúü', together: /[aeoàèéòó][iu]|(?<=[qg])[uü][aeoàèéòó]|iu|ui/g, silent: romance.silent },
  gl: { vowels: 'aeiouáéíóúü', together: /[aeoáéó][iu]|[iuü][aeoáéó]|ui|iu/g, silent: romance.silent },
  tr: { vowels: 'aeıioöuüâîû' },
  az: { vowels: 'aeəıioöuü' },
  kk: { vowels: 'аәеёиоөуұүыіэюя' },
  hu: { vowels: 'aáeéiíoóöőuúüű' },
  fi: { vowels: 'aeiouyäöå', together: /([aeiouyäö])\1|[aeouyäö]i|[aeiäoö][uy]|uo|yö|ie/g },
  et: { vowels: 'aeiouõäöü', together: /([aeiouõäöü])\1|[aeiouõäöü][eiu]/g },
  sv: { vowels: 'aeiouyåäö', together: /eu|au/g },
  da: { vowels: 'aeiouyæøå', together: /ej|øj|au|ou|ai/g },
  no: { vowels: 'aeiouyæøå', together: /ei|øy|au|ai|oi/g },
  is: { vowels: 'aáeéiíoóuúyýæö', together: /au|ei|ey/g },
  lt: { vowels: 'aąeęėiįyouųū', together: /i[aąouųū]|ai|au|ei|ie|uo|ui/g },
  lv: { vowels: 'aāeēiīouū', together: /ie|ai|au|ei|ui/g },
  ru: { vowels: 'аеёиоуыэюя' },
  uk: { vowels: 'аеєиіїоуюя' },
  be: { vowels: 'аеёіоуыэюя' },
  bg: { vowels: 'аеиоуъюя' },
  mk: { vowels: 'аеиоу', silent: syllabicConsonants('аеиоу', 'р') },
  sr: { vowels: 'aeiouаеиоу', silent: syllabicConsonants('aeiouаеиоу', 'rр') },
  el: {
    vowels: 'αεηιουωάέήίόύώϊϋΐΰ',
    together: /ου|ού|αι|αί|ει|εί|οι|οί|υι|υί|αυ|αύ|ευ|εύ|ηυ|ηύ|ι(?=[αεοωάέόώ])[αεοωάέόώ]/g,
  },
  id: { vowels: 'aeiou', together: /a[iu](?!\p{L})|oi(?!\p{L})/gu },
  sw: { vowels: 'aeiou' },
  eo: { vowels: 'aeiou', together: /aŭ|eŭ/g },
  // Mixed vowels of any Latin script: two written together are one more often than not.
  '*': { vowels: 'aeiouyæøœåäöüáàâãéèêëíìîïóòôõúùûýąęėįųūāēīōőűăıə', together: /[aeiouy][iuy]|([aeiou])\1/g },
};

const aliases: Readonly<Record<string, string>> = { nb: 'no', nn: 'no', ms: 'id', bs: 'hr', fo: 'is' };

/** A few words with their number of syllables: `2:mio tuo 3:paura`. */
function ofWords(list: string): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  let count = 1;
  for (const entry of list.split(' ')) {
    const [, number, word = entry] = /^(\d):(.*)$/.exec(entry) ?? [];
    if (number !== undefined) count = Number(number);
    found[word] = count;
  }
  return found;
}

/** r and l between consonants carry a syllable: `prst`, `vlk`. */
function syllabicConsonants(vowels: string, letters = 'rl'): readonly (readonly [RegExp, string])[] {
  return [[new RegExp(`(?<![${vowels}${letters}])[${letters}](?![${vowels}${letters}])(?=\\p{L})`, 'gu'), vowels[0]!]];
}

/**
 * Syllables of one word in an alphabetic script, at least 1 for a word with a letter. By the language's own rules where
 * there are some (about 40 languages), else by groups of vowels; scripts that write no vowels by their consonants.
 * @param word no spaces; case does not matter
 */
export function syllablesOf(word: string, language: string): number {
  const primary = primaryLanguage(language);
  const plain = word.normalize('NFC').toLocaleLowerCase(primary === 'tr' || primary === 'az' ? primary : 'en');
  if (!/\p{L}/u.test(plain)) return 0;
  if (primary === 'en') return englishSyllables(plain);
  if (primary === 'fr') return frenchSyllables(plain);
  if (primary === 'vi') return vietnameseSyllables(plain);
  const rule = rules[aliases[primary] ?? primary] ?? rules['*']!;
  return Math.max(1, rule.words?.[plain] ?? byRule(plain, rule) ?? byConsonants(plain));
}

/** Vietnamese is written syllable by syllable: vowels beside each other are one, whatever their marks. */
function vietnameseSyllables(word: string): number {
  const plain = word.normalize('NFD').replace(/\p{M}/gu, '');
  return Math.max(1, (plain.match(/[aeiouy]+/g) ?? []).length);
}

/** Vowel groups; undefined for a word of another script, which the rule knows nothing of. */
function byRule(word: string, { vowels, together, silent = [] }: VowelRule): number | undefined {
  const spoken = silent.reduce((text, [pattern, by]) => text.replace(pattern, by), word);
  const grouped = together === undefined ? spoken : spoken.replace(together, vowels[0]!);
  const count = [...grouped].filter((letter) => vowels.includes(letter)).length;
  if (count > 0) return count;
  const others = [...spoken.normalize('NFD')].filter((letter) => /[aeiouyαεηιουωаеёиоуыэюяіїє]/.test(letter)).length;
  return others > 0 ? others : undefined;
}

/** Scripts that leave vowels out (Arabic, Hebrew): the vowel marks where they are written, else two letters a syllable. */
function byConsonants(word: string): number {
  const marked = (word.match(/[\u064b-\u0650\u0622]/g) ?? []).length;
  if (marked > 0) return marked;
  return Math.ceil((word.match(/\p{L}/gu) ?? []).length / 2);
}
