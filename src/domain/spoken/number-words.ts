import { primaryLanguage } from '../language.js';
import { asianSpeakers } from './asian-numbers.js';
import { byHundreds, joined, type NumberSpeaker, slavic, split, tensThenOnes } from './number-parts.js';

const english = split(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
);
const englishTens = split('- - twenty thirty forty fifty sixty seventy eighty ninety');
const spanish = split(
  'cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve',
);
const spanishTens = split('- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa');
const spanishHundreds = split(
  '- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos',
);
const french = split(
  'zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf',
);
const frenchTens = split('- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt');
const german = split(
  'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn',
);
const germanTens = split('- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig');
const dutch = split(
  'nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien',
);
const dutchTens = split('- - twintig dertig veertig vijftig zestig zeventig tachtig negentig');
const italian = split(
  'zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove',
);
const italianTens = split('- - venti trenta quaranta cinquanta sessanta settanta ottanta novanta');
const portuguese = split(
  'zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis dezessete dezoito dezenove',
);
const portugueseTens = split('- - vinte trinta quarenta cinquenta sessenta setenta oitenta noventa');
const portugueseHundreds = split(
  '- cento duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos',
);
const russian = split(
  'ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать',
);
const russianTens = split('- - двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто');
const russianHundreds = split('- сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот');
const polish = split(
  'zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście',
);
const polishTens = split(
  '- - dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt',
);
const polishHundreds = split('- sto dwieście trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset');
const turkish = split('sıfır bir iki üç dört beş altı yedi sekiz dokuz');
const turkishTens = split('- on yirmi otuz kırk elli altmış yetmiş seksen doksan');

const swedish = split(
  'noll ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton',
);
const swedishTens = split('- - tjugo trettio fyrtio femtio sextio sjuttio åttio nittio');
const czech = split(
  'nula jedna dva tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct šestnáct sedmnáct osmnáct devatenáct',
);
const czechTens = split('- - dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát');
const ukrainian = split(
  'нуль один два три чотири п’ять шість сім вісім дев’ять десять одинадцять дванадцять тринадцять чотирнадцять п’ятнадцять шістнадцять сімнадцять вісімнадцять дев’ятнадцять',
);
const ukrainianTens = split('- - двадцять тридцять сорок п’ятдесят шістдесят сімдесят вісімдесят дев’яносто');
const ukrainianHundreds = split('- сто двісті триста чотириста п’ятсот шістсот сімсот вісімсот дев’ятсот');

const speakers: Readonly<Record<string, NumberSpeaker>> = {
  ...asianSpeakers,
  en: {
    small: byHundreds(
      (value) => tensThenOnes(value, english, englishTens),
      (count) => `${english[count]} hundred`,
    ),
    thousand: (count, small) => `${small(count)} thousand`,
    millions: ['million', 'million'],
    milliards: ['billion', 'billion'],
    year: (value, small) => {
      const [first, last] = [Math.trunc(value / 100), value % 100];
      if (value >= 2000 && value < 2010) return undefined;
      if (last === 0) return value % 1000 === 0 ? undefined : `${small(first)} hundred`;
      return `${small(first)} ${last < 10 ? `oh ${small(last)}` : small(last)}`;
    },
    point: 'point',
    byDigit: true,
  },
  es: {
    small: byHundreds(
      (value) =>
        spanish[value] ?? joined(spanishTens[Math.trunc(value / 10)]!, spanish[value % 10]!, value % 10, ' y '),
      (count, rest) => (count === 1 && rest === 0 ? 'cien' : spanishHundreds[count]!),
    ),
    thousand: (count, small) => (count === 1 ? 'mil' : `${small(count)} mil`),
    millions: ['un millón', 'millones'],
    milliards: ['mil millones', 'mil millones'],
    point: 'coma',
  },
  fr: {
    small: byHundreds(frenchTensAndOnes, (count) => (count === 1 ? 'cent' : `${french[count]} cent`)),
    thousand: (count, small) => (count === 1 ? 'mille' : `${small(count)} mille`),
    millions: ['un million', 'millions'],
    milliards: ['un milliard', 'milliards'],
    point: 'virgule',
  },
  de: {
    small: byHundreds(
      (value) => german[value] ?? onesThenTens(value, german, germanTens, 'und').replace(/^eins/, 'ein'),
      (count) => `${german[count]!.replace('eins', 'ein')}hundert`,
      '',
    ),
    thousand: (count, small) => `${small(count).replace(/eins$/, 'ein')}tausend`,
    millions: ['eine Million', 'Millionen'],
    milliards: ['eine Milliarde', 'Milliarden'],
    year: (value, small) =>
      value >= 2000
        ? undefined
        : `${small(Math.trunc(value / 100))}hundert${value % 100 === 0 ? '' : small(value % 100)}`,
    point: 'Komma',
    byDigit: true,
  },
  nl: {
    small: byHundreds(
      (value) => dutch[value] ?? onesThenTens(value, dutch, dutchTens, 'en').replace(/(twee|drie)en/, '$1ën'),
      (count) => (count === 1 ? 'honderd' : `${dutch[count]}honderd`),
      '',
    ),
    thousand: (count, small) => (count === 1 ? 'duizend' : `${small(count)}duizend`),
    millions: ['een miljoen', 'miljoen'],
    milliards: ['een miljard', 'miljard'],
    year: (value, small) =>
      value >= 2000
        ? undefined
        : `${small(Math.trunc(value / 100))}${value % 100 === 0 ? 'honderd' : small(value % 100)}`,
    point: 'komma',
  },
  it: {
    small: byHundreds(italianTensAndOnes, (count) => (count === 1 ? 'cento' : `${italian[count]}cento`), ''),
    thousand: (count, small) => (count === 1 ? 'mille' : `${small(count)}mila`),
    millions: ['un milione', 'milioni'],
    milliards: ['un miliardo', 'miliardi'],
    point: 'virgola',
  },
  pt: {
    small: byHundreds(
      (value) =>
        portuguese[value] ??
        joined(portugueseTens[Math.trunc(value / 10)]!, portuguese[value % 10]!, value % 10, ' e '),
      (count, rest) => (count === 1 && rest === 0 ? 'cem' : portugueseHundreds[count]!),
      ' e ',
    ),
    thousand: (count, small) => (count === 1 ? 'mil' : `${small(count)} mil`),
    millions: ['um milhão', 'milhões'],
    milliards: ['um bilhão', 'bilhões'],
    point: 'vírgula',
  },
  ru: {
    small: byHundreds(
      (value) => tensThenOnes(value, russian, russianTens),
      (count) => russianHundreds[count]!,
    ),
    thousand: (count, small) =>
      count === 1
        ? 'тысяча'
        : `${small(count).replace(/один$/, 'одна').replace(/два$/, 'две')} ${slavic(count, 'тысяча', 'тысячи', 'тысяч')}`,
    millions: ['миллион', 'миллионов', 'миллиона'],
    milliards: ['миллиард', 'миллиардов', 'миллиарда'],
    point: 'целых',
    afterDecimals: ['десятых', 'сотых', 'тысячных'],
  },
  pl: {
    small: byHundreds(
      (value) => tensThenOnes(value, polish, polishTens),
      (count) => polishHundreds[count]!,
    ),
    thousand: (count, small) =>
      count === 1 ? 'tysiąc' : `${small(count)} ${slavic(count, 'tysiąc', 'tysiące', 'tysięcy')}`,
    millions: ['milion', 'milionów', 'miliony'],
    milliards: ['miliard', 'miliardów', 'miliardy'],
    point: 'przecinek',
  },
  tr: {
    small: byHundreds(
      (value) =>
        joinWords(
          value >= 10 ? turkishTens[Math.trunc(value / 10)]! : '',
          value % 10 > 0 || value === 0 ? turkish[value % 10]! : '',
        ),
      (count) => (count === 1 ? 'yüz' : `${turkish[count]} yüz`),
    ),
    thousand: (count, small) => (count === 1 ? 'bin' : `${small(count)} bin`),
    millions: ['bir milyon', 'milyon'],
    milliards: ['bir milyar', 'milyar'],
    point: 'virgül',
  },
  sv: {
    small: byHundreds(
      (value) => swedish[value] ?? joined(swedishTens[Math.trunc(value / 10)]!, swedish[value % 10]!, value % 10, ''),
      (count) => `${swedish[count]}hundra`,
      '',
    ),
    thousand: (count, small) => `${small(count)}tusen`,
    millions: ['en miljon', 'miljoner'],
    milliards: ['en miljard', 'miljarder'],
    year: (value, small) =>
      value >= 2000
        ? undefined
        : `${small(Math.trunc(value / 100))}hundra${value % 100 === 0 ? '' : small(value % 100)}`,
    point: 'komma',
  },
  cs: {
    small: byHundreds(
      (value) => tensThenOnes(value, czech, czechTens),
      (count) => ['', 'sto', 'dvě stě', 'tři sta', 'čtyři sta'][count] ?? `${czech[count]} set`,
    ),
    thousand: (count, small) =>
      count === 1 ? 'tisíc' : `${small(count)} ${slavic(count, 'tisíc', 'tisíce', 'tisíc')}`,
    millions: ['milion', 'milionů', 'miliony'],
    milliards: ['miliarda', 'miliard', 'miliardy'],
    point: 'celá',
  },
  uk: {
    small: byHundreds(
      (value) => tensThenOnes(value, ukrainian, ukrainianTens),
      (count) => ukrainianHundreds[count]!,
    ),
    thousand: (count, small) =>
      count === 1
        ? 'тисяча'
        : `${small(count).replace(/один$/, 'одна').replace(/два$/, 'дві')} ${slavic(count, 'тисяча', 'тисячі', 'тисяч')}`,
    millions: ['мільйон', 'мільйонів', 'мільйони'],
    milliards: ['мільярд', 'мільярдів', 'мільярди'],
    point: 'цілих',
    afterDecimals: ['десятих', 'сотих', 'тисячних'],
  },
};

/** Largest number that is said as one; longer rows of digits are read one by one. */
const largest = 999_999_999_999;

/**
 * A whole number in words, nominative and masculine: `1984` is `one thousand nine hundred eighty-four`, as a year
 * `nineteen eighty-four`. Rows of digits that begin with 0 or are longer than twelve are read digit by digit.
 * @param digits ASCII digits only
 * @param asYear true when it stands where a year may: four digits, no separator
 * @returns undefined for a language without a table
 */
export function numberWords(digits: string, language: string, asYear = false): string | undefined {
  const speaker = speakers[primaryLanguage(language)];
  if (speaker === undefined) return undefined;
  const value = Number(digits);
  if (value > largest || (digits.length > 1 && digits.startsWith('0'))) {
    return [...digits].map((digit) => speaker.small(Number(digit))).join(' ');
  }
  if (asYear && value >= 1100 && value < 2100) return speaker.year?.(value, speaker.small) ?? sayWhole(value, speaker);
  return sayWhole(value, speaker);
}

/** A whole number and its decimals as they are said; undefined for a language without a table. */
export function decimalWords(whole: string, decimals: string, language: string): string | undefined {
  const speaker = speakers[primaryLanguage(language)];
  if (speaker === undefined) return undefined;
  const { point, byDigit = false, afterDecimals } = speaker;
  const apart = byDigit || (afterDecimals === undefined && /^0|^\d{3,}/.test(decimals));
  const rest = apart
    ? [...decimals].map((digit) => speaker.small(Number(digit))).join(' ')
    : numberWords(decimals, language);
  const parts = [numberWords(whole, language), point, rest, afterDecimals?.[decimals.length - 1]];
  return parts.filter((part) => part !== undefined).join(' ');
}

function sayWhole(value: number, speaker: NumberSpeaker): string {
  if (speaker.whole !== undefined) return speaker.whole(value);
  if (value < 1000) return speaker.small(value);
  const parts: string[] = [];
  const milliards = Math.trunc(value / 1e9);
  const millions = Math.trunc(value / 1e6) % 1000;
  const thousands = Math.trunc(value / 1000) % 1000;
  if (milliards > 0) parts.push(sayLarge(milliards, speaker.milliards, speaker));
  if (millions > 0) parts.push(sayLarge(millions, speaker.millions, speaker));
  if (thousands > 0) parts.push(speaker.thousand(thousands, speaker.small));
  if (value % 1000 > 0) parts.push(speaker.small(value % 1000));
  return parts.join(' ');
}

function sayLarge(count: number, names: NumberSpeaker['millions'], { small }: NumberSpeaker): string {
  const [one, many, few = many] = names;
  if (count > 1) return `${small(count)} ${few === many ? many : slavic(count, many, few, many)}`;
  return one === many ? `${small(1)} ${one}` : one;
}

function onesThenTens(value: number, ones: readonly string[], tens: readonly string[], and: string): string {
  const ten = tens[Math.trunc(value / 10)]!;
  return value % 10 === 0 ? ten : `${ones[value % 10]}${and}${ten}`;
}

/** Soixante-dix and quatre-vingt-dix count on from ten. */
function frenchTensAndOnes(value: number): string {
  if (value < 20) return french[value]!;
  const ten = Math.trunc(value / 10);
  const rest = ten === 7 || ten === 9 ? value - (ten - 1) * 10 : value % 10;
  if (rest === 0) return frenchTens[ten]!;
  const and = (rest === 1 || rest === 11) && ten < 8 ? ' et ' : '-';
  return `${frenchTens[ten]}${and}${french[rest]}`;
}

/** The ten loses its vowel before uno and otto: ventuno, trentotto. */
function italianTensAndOnes(value: number): string {
  if (value < 20) return italian[value]!;
  const ten = italianTens[Math.trunc(value / 10)]!;
  const one = value % 10;
  if (one === 0) return ten;
  return (one === 1 || one === 8 ? ten.slice(0, -1) : ten) + italian[one]!;
}

function joinWords(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}
