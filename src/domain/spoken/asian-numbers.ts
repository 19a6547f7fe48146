import { byHundreds, joined, type NumberSpeaker, split } from './number-parts.js';

/** How the languages that count by ten thousands say a number, in their own signs. */
interface MyriadSigns {
  /** Zero to nine. */
  readonly digits: string;
  /** Ten, hundred, thousand. */
  readonly places: string;
  /** Ten thousand, a hundred million. */
  readonly groups: readonly string[];
  /** True where a gap between two places is said as zero: 一百零五. */
  readonly saysGaps?: boolean;
  /** From which place on a one is said before it: 一百 but 百 in Japanese. */
  readonly onesFrom: number;
}

const chinese: MyriadSigns = {
  digits: '零一二三四五六七八九',
  places: '十百千',
  groups: ['', '万', '亿'],
  saysGaps: true,
  onesFrom: 2,
};
const traditional: MyriadSigns = { ...chinese, groups: ['', '萬', '億'] };
const japanese: MyriadSigns = {
  digits: '零一二三四五六七八九',
  places: '十百千',
  groups: ['', '万', '億'],
  onesFrom: 4,
};
const korean: MyriadSigns = {
  digits: '영일이삼사오육칠팔구',
  places: '십백천',
  groups: ['', '만', '억'],
  onesFrom: 5,
};

/** A whole number below 10¹². */
function sayMyriads(value: number, signs: MyriadSigns): string {
  if (value === 0) return signs.digits[0]!;
  let said = '';
  for (let group = signs.groups.length - 1; group >= 0; group--) {
    const part = Math.trunc(value / 10_000 ** group) % 10_000;
    if (part === 0) continue;
    const gap = signs.saysGaps && said !== '' && part < 1000 ? signs.digits[0]! : '';
    const bare = part === 1 && group > 0 && signs.onesFrom > 4;
    said += gap + (bare ? '' : sayFour(part, signs, said === '')) + signs.groups[group]!;
  }
  return said;
}

function sayFour(value: number, { digits, places, saysGaps, onesFrom }: MyriadSigns, isFirst: boolean): string {
  let said = '';
  let gap = false;
  for (let place = 3; place >= 0; place--) {
    const digit = Math.trunc(value / 10 ** place) % 10;
    if (digit === 0) {
      gap = said !== '';
      continue;
    }
    if (gap && saysGaps) said += digits[0]!;
    gap = false;
    // Ten itself is 十; within a larger number Chinese says 一十.
    const oneIsSaid = place === 0 || place >= onesFrom || (saysGaps === true && (said !== '' || !isFirst));
    said += (digit === 1 && !oneIsSaid ? '' : digits[digit]!) + (places[place - 1] ?? '');
  }
  return said;
}

function myriadSpeaker(signs: MyriadSigns, point: string): NumberSpeaker {
  const whole = (value: number) => sayMyriads(value, signs);
  // Never asked for: the whole is said at once.
  const never = { thousand: whole, millions: ['', ''], milliards: ['', ''] } as const;
  return { small: whole, whole, ...never, point, byDigit: true };
}

const thaiDigits = split('ศูนย์ หนึ่ง สอง สาม สี่ ห้า หก เจ็ด แปด เก้า');
const thaiPlaces = ['', 'สิบ', 'ร้อย', 'พัน', 'หมื่น', 'แสน'];

/** Thai has a word for every power of ten up to a million. */
function sayThai(value: number): string {
  if (value === 0) return thaiDigits[0]!;
  if (value >= 1e6) {
    const rest = value % 1e6;
    return `${sayThai(Math.trunc(value / 1e6))} ล้าน${rest === 0 ? '' : ` ${sayThai(rest)}`}`;
  }
  const words: string[] = [];
  for (let place = 5; place >= 0; place--) {
    const digit = Math.trunc(value / 10 ** place) % 10;
    if (digit === 0) continue;
    const isTen = place === 1 && digit <= 2;
    const name = isTen ? ['', '', 'ยี่'][digit]! : place === 0 && digit === 1 && value > 10 ? 'เอ็ด' : thaiDigits[digit]!;
    words.push(name, thaiPlaces[place]!);
  }
  return words.filter((word) => word !== '').join(' ');
}

const vietnamese = split('không một hai ba bốn năm sáu bảy tám chín');

function vietnameseTens(value: number): string {
  const one = value % 10;
  if (value < 10) return vietnamese[value]!;
  if (value < 20) return `mười${one === 0 ? '' : ` ${one === 5 ? 'lăm' : vietnamese[one]}`}`;
  const ones = ['', 'mốt', '', '', '', 'lăm'][one] || vietnamese[one]!;
  return joined(`${vietnamese[Math.trunc(value / 10)]} mươi`, ones, one, ' ');
}

const indonesian = split('nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas');

function indonesianTens(value: number): string {
  if (value < 12) return indonesian[value]!;
  if (value < 20) return `${indonesian[value - 10]} belas`;
  return joined(`${indonesian[Math.trunc(value / 10)]} puluh`, indonesian[value % 10]!, value % 10, ' ');
}

/** Hindi has a word of its own for each number below a hundred. */
const hindi = split(
  [
    'शून्य एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस',
    'बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस',
    'चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ',
    'साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी',
    'अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पंचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे',
  ].join(' '),
);

const hindiHundreds = byHundreds(
  (value) => hindi[value]!,
  (count) => `${hindi[count]} सौ`,
);

/** Hindi counts on by hundreds: thousand, lakh, crore. */
function sayHindi(value: number): string {
  const parts = [
    [1e7, 'करोड़'],
    [1e5, 'लाख'],
    [1e3, 'हज़ार'],
  ] as const;
  for (const [unit, name] of parts) {
    if (value < unit) continue;
    const rest = value % unit;
    return `${sayHindi(Math.trunc(value / unit))} ${name}${rest === 0 ? '' : ` ${sayHindi(rest)}`}`;
  }
  return hindiHundreds(value);
}

/** With their vowels, so that their syllables can be counted. */
const arabic = split('صِفْر وَاحِد اِثْنَان ثَلَاثَة أَرْبَعَة خَمْسَة سِتَّة سَبْعَة ثَمَانِيَة تِسْعَة عَشَرَة');
const arabicTens = split('- - عِشْرُون ثَلَاثُون أَرْبَعُون خَمْسُون سِتُّون سَبْعُون ثَمَانُون تِسْعُون');

function arabicOnes(value: number): string {
  if (value <= 10) return arabic[value]!;
  if (value < 20) return `${['أَحَدَ', 'اِثْنَا'][value - 11] ?? arabic[value - 10]} عَشَر`;
  const ten = arabicTens[Math.trunc(value / 10)]!;
  return value % 10 === 0 ? ten : `${arabic[value % 10]} وَ${ten}`;
}

/** Numbers of languages that do not count by thousands, or are written in scripts of their own. */
export const asianSpeakers: Readonly<Record<string, NumberSpeaker>> = {
  zh: { ...myriadSpeaker(chinese, '点'), year: digitsOf },
  yue: { ...myriadSpeaker(traditional, '點'), year: digitsOf },
  ja: myriadSpeaker(japanese, '点'),
  ko: myriadSpeaker(korean, '점'),
  th: {
    ...{ small: sayThai, whole: sayThai, thousand: sayThai, millions: ['', ''], milliards: ['', ''] },
    ...{ point: 'จุด', byDigit: true },
  },
  hi: {
    ...{ small: sayHindi, whole: sayHindi, thousand: sayHindi, millions: ['', ''], milliards: ['', ''] },
    ...{ point: 'दशमलव', byDigit: true },
    year: (value) => (value < 2000 ? `${hindi[Math.trunc(value / 100)]} सौ ${hindi[value % 100]}` : undefined),
  },
  vi: {
    small: byHundreds(
      vietnameseTens,
      (count, rest) => `${vietnamese[count]} trăm${rest > 0 && rest < 10 ? ' linh' : ''}`,
    ),
    thousand: (count, small) => `${small(count)} nghìn`,
    millions: ['một triệu', 'triệu'],
    milliards: ['một tỷ', 'tỷ'],
    point: 'phẩy',
  },
  id: {
    small: byHundreds(indonesianTens, (count) => (count === 1 ? 'seratus' : `${indonesian[count]} ratus`)),
    thousand: (count, small) => (count === 1 ? 'seribu' : `${small(count)} ribu`),
    millions: ['satu juta', 'juta'],
    milliards: ['satu miliar', 'miliar'],
    point: 'koma',
    byDigit: true,
  },
  ar: {
    small: byHundreds(arabicOnes, (count) => ['', 'مِئَة', 'مِئَتَان'][count] ?? `${arabic[count]!.slice(0, -1)}ُ مِئَة`, ' وَ'),
    thousand: (count, small) => ['', 'أَلْف', 'أَلْفَان'][count] ?? `${small(count)} ${count <= 10 ? 'آلَاف' : 'أَلْف'}`,
    millions: ['مِلْيُون', 'مِلْيُون'],
    milliards: ['مِلْيَار', 'مِلْيَار'],
    point: 'فَاصِلَة',
  },
};

/** A Chinese year is said digit by digit. */
function digitsOf(value: number): string {
  return [...String(value)].map((digit) => (digit === '0' ? '零' : chinese.digits[Number(digit)]!)).join('');
}
