import { primaryLanguage } from '../language.js';
import { numberWords } from './number-words.js';

/** Words for first, second, third, where they are not made of the number's own; and what makes the others. */
interface OrdinalRule {
  readonly endings: RegExp;
  readonly words: readonly string[];
  made(cardinal: string): string;
}

const iberian = /^(?:\.?[ºª]|º|ª)$/;

const rules: Readonly<Record<string, OrdinalRule>> = {
  en: {
    endings: /^(?:st|nd|rd|th)$/i,
    words: ['', 'first', 'second', 'third', '', 'fifth', '', '', 'eighth', 'ninth', '', '', 'twelfth'],
    made: (cardinal) =>
      cardinal
        .replace(/one$/, 'first')
        .replace(/two$/, 'second')
        .replace(/three$/, 'third')
        .replace(/(?<=\w)(?<!first|second|third)$/, 'th')
        .replace(/yth$/, 'ieth'),
  },
  fr: {
    endings: /^(?:er|re|ère|e|ème)$/,
    words: ['', 'premier', 'deuxième'],
    made: (cardinal) => `${cardinal.replace(/e$/, '')}ième`,
  },
  es: {
    endings: iberian,
    words: ['', 'primero', 'segundo', 'tercero', 'cuarto', 'quinto', 'sexto', 'séptimo', 'octavo', 'noveno', 'décimo'],
    made: (cardinal) => cardinal,
  },
  pt: {
    endings: iberian,
    words: ['', 'primeiro', 'segundo', 'terceiro', 'quarto', 'quinto', 'sexto', 'sétimo', 'oitavo', 'nono', 'décimo'],
    made: (cardinal) => `${cardinal}-ésimo`,
  },
  it: {
    endings: iberian,
    words: ['', 'primo', 'secondo', 'terzo', 'quarto', 'quinto', 'sesto', 'settimo', 'ottavo', 'nono', 'decimo'],
    made: (cardinal) => `${cardinal.slice(0, -1)}esimo`,
  },
  de: { endings: /^\.$/, words: ['', 'erste', '', 'dritte'], made: (cardinal) => `${cardinal}te` },
  cs: { endings: /^\.$/, words: ['', 'první', 'druhý', 'třetí'], made: (cardinal) => `${cardinal}ho` },
  nl: { endings: /^(?:e|de|ste)$/, words: ['', 'eerste'], made: (cardinal) => `${cardinal}de` },
};

/** A number with the ending of an ordinal in words; undefined where the ending is none of the language's. */
export function ordinalWord(digits: string, ending: string, language: string): string | undefined {
  const rule = rules[primaryLanguage(language)];
  if (rule === undefined || !rule.endings.test(ending)) return undefined;
  const word = rule.words[Number(digits)];
  if (word !== undefined && word !== '') return word;
  const cardinal = numberWords(digits, language);
  return cardinal === undefined ? undefined : rule.made(cardinal);
}

const minus: Readonly<Record<string, string>> = {
  ...{ es: 'menos', fr: 'moins', it: 'meno', pt: 'menos', nl: 'min', ru: 'минус', uk: 'мінус', tr: 'eksi', vi: 'âm' },
  ...{ zh: '负', yue: '負', ja: 'マイナス', ko: '마이너스', th: 'ลบ', hi: 'माइनस', ar: 'نَاقِص', id: 'minus' },
};

/** How the sign before a number below zero is said. */
export function minusWord(language: string): string {
  return minus[primaryLanguage(language)] ?? 'minus';
}
