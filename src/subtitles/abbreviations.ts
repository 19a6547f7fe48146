import { primaryLanguage } from '../domain/language.js';

const words = (list: string) => new Set(list.split(' '));

/** Titles that stand before a name, without their stop, lower case. */
const titles = words(
  'mr mrs ms mx dr prof st sta ste mt ft rev hon gen col capt cpt lt sgt maj adm gov sen rep pres mgr msgr messrs ' +
    'mme mlle m sr sra srta dra dn dña ud uds hr fr dipl ing sig dott avv exmo ilmo dhr mevr hra rva ' +
    'г-н г-жа им ул проф акад гр тов св',
);

/** Titles that are written out or stand without a stop, lower case. */
const spelledTitles = words(
  'mr mrs ms dr prof sir lord lady saint herr frau monsieur madame mademoiselle señor señora señorita don doña san ' +
    'santa santo senhor senhora dom signor signora meneer mevrouw господин госпожа',
);

/** What stands before a number, without its stop, lower case. */
const beforeNumber = words(
  'no nos nr nrs num núm nº n° n.º № # § vol fig figs p pp pg pág págs art abs abb kap bd ch sec eq tab ex cap s стр ' +
    'рис гл № page pages chapter section figure table number part step phase level version seite kapitel abschnitt ' +
    'teil nummer página capítulo sección número parte chapitre numéro partie pagina capitolo numero номер глава часть',
);

/** Abbreviations in the middle of a sentence, even before a capital, by language, without the last stop. */
const midSentence: Readonly<Record<string, ReadonlySet<string>>> = {
  any: words('e.g i.e cf vs viz approx z.b d.h u.a o.ä p.ej p.ex t.e т.е т.к'),
  de: words('bzw ca evtl ggf inkl exkl sog vgl usf mio mrd tel std min geb gest jh v.chr n.chr'),
  es: words('aprox ee tel av avda núm depto'),
  fr: words('env av boul bd tél'),
  it: words('ca es sig.ra'),
  pt: words('aprox av tel'),
  nl: words('bijv ca incl excl resp zgn'),
  ru: words('тыс млн млрд руб напр обл г'),
};

/** Languages that write ordinal numbers with a stop: `3. Oktober`. */
const ordinalStop = words('de da nb nn no fi cs sk pl hu hr sr bs sl et lv is fo tr eu');

/**
 * True when the stop after a word belongs to the word and not to the sentence: `Dr.`, `No.` before a number, `J.`
 * before a name, `3.` in German.
 * @param word without the stop and without opening quotes or brackets
 * @param next the word after it
 */
export function isAbbreviation(word: string, next: string, language: string): boolean {
  const primary = primaryLanguage(language);
  const lower = word.toLowerCase();
  if (/^\d+$/.test(word)) return /^\d/.test(next) || (ordinalStop.has(primary) && word.length <= 2);
  if (beforeNumber.has(lower) && /^\d/.test(next)) return true;
  if (titles.has(lower) || midSentence.any!.has(lower) || (midSentence[primary]?.has(lower) ?? false)) return true;
  if (/^\p{Lu}$/u.test(word)) return /^\p{Lu}/u.test(next) && !(primary === 'en' && word === 'I');
  // Dotted capitals (U.S., EE.UU.) more often stand before a name than end a sentence; a.m. and p.m. end one.
  return /^(?:\p{Lu}{1,2}\.)+\p{Lu}{1,2}$/u.test(word);
}

/** True for a title before a name, with or without its stop: `Dr.`, `Mr`, `Señora`. */
export function isTitle(word: string): boolean {
  const lower = word.toLowerCase();
  return spelledTitles.has(lower) || (lower.endsWith('.') && titles.has(lower.slice(0, -1)));
}

/** True for what stands before a number: `No.`, `page`, `§`. */
export function announcesNumber(word: string): boolean {
  const lower = word.toLowerCase();
  return beforeNumber.has(lower.endsWith('.') ? lower.slice(0, -1) : lower);
}
