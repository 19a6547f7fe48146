import { primaryLanguage } from '../language.js';
import { toAsciiDigits } from './digits.js';
import { decimalWords, numberWords } from './number-words.js';
import { minusWord, ordinalWord } from './ordinals.js';

/**
 * A text as it is said: numbers, percentages, sums of money, measures, addresses and @ & + in words of the language.
 * Acronyms stay as they are; `countUnits` knows their letters. Where a language has no table, digits stay digits.
 */
export function spellOut(text: string, language: string): string {
  const words = wordsOf(language);
  return toAsciiDigits(text.normalize('NFC'))
    .replace(spacedThousands, (digits) =>
      groupsBySpace.has(primaryLanguage(language)) ? digits.replace(/ /g, '') : digits,
    )
    .replace(/%\s?(?=\d)/g, ` ${words.percent} `)
    .replace(phones, (written) => sayPhone(written, language) ?? written)
    .replace(decades, (_, digits: string, plural: string) => `${sayNumber(digits, language)}${plural}`)
    .replace(addresses, (address) => sayAddress(address, words))
    .replace(dotted, (whole: string, digits: string) => ordinalWord(digits, '.', language) ?? whole)
    .replace(
      ordinals,
      (whole: string, digits: string, ending: string) => ordinalWord(digits, ending, language) ?? whole,
    )
    .replace(/(?<!\p{L})(?<!\p{N}[ \u00a0]?)[-−–](?=\d)/gu, `${minusWord(language)} `)
    .replace(money, (...found) => sayMoney(found as string[], language, words))
    .replace(measures, (whole: string, digits: string, unit: string) => {
      const name = words.units.get(unit) ?? (unit === '%' ? words.percent : undefined);
      return name === undefined ? whole : `${sayNumber(digits, language)} ${name}`;
    })
    .replace(numbers, (digits, at: number, all: string) => {
      const saysYear = !yearSigns.has(primaryLanguage(language)) || all[at + digits.length] === '年';
      return ` ${sayNumber(digits, language, saysYear)} `;
    })
    .replace(/&/g, ` ${words.and} `)
    .replace(/(?<=\s|^)\+(?=\s|$)/g, ` ${words.plus} `)
    .replace(/\s+/g, ' ')
    .trim();
}

/** Languages that write a sign after a year; four digits without it are a number like any other. */
const yearSigns: ReadonlySet<string> = new Set(['zh', 'yue']);

/** Thousands apart by plain spaces, and the languages that write them so. */
const spacedThousands = /(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d])/g;
const groupsBySpace: ReadonlySet<string> = new Set(
  'fr ru pl pt es cs sk uk be bg sv no nb da fi et lv lt hu'.split(' '),
);

/** What is read as one number: digits with separators between them. */
const numbers = /\d+(?:[.,'’\u00a0\u202f]\d+)*/g;
/** Rows of digits in groups, some of which are numbers to call. */
const phones = /(?<![\p{Script=Latin}\d.,])\+?\d{1,4}(?:[ -]\d{2,4})+(?![\d.,]\d)/gu;
/** 1990s */
const decades = /(?<!\d)(\d{1,3}0)(s)(?![\p{L}\p{N}])/gu;
/** Languages that say a telephone number in pairs and hundreds, like any others. */
const callsInGroups: ReadonlySet<string> = new Set(['fr', 'ru', 'uk', 'pl', 'cs']);

/** Digit by digit; undefined for groups of digits that are thousands, dates, years or something else. */
function sayPhone(written: string, language: string): string | undefined {
  if (callsInGroups.has(primaryLanguage(language))) return undefined;
  const groups = written.split(/[ +-]/).filter((group) => group !== '');
  const isLong = groups.join('').length >= 6;
  const isThousands = written.includes(' ') && groups.slice(1).every((group) => group.length === 3);
  const isDate = groups.length === 3 && groups[0]!.length === 4 && groups[1]!.length === 2;
  const areYears = groups.every((group) => /^(?:1\d|20)\d\d$/.test(group));
  const isCalled =
    /^[+0]/.test(written) || groups.some((group) => group.startsWith('0')) || /^\d+(?:-\d+)+$/.test(written);
  if (!isLong || isThousands || isDate || areYears || !isCalled) return undefined;
  return [...groups.join('')].map((digit) => sayNumber(digit, language)).join(' ');
}

/** A number with letters or a sign right behind it that may make an ordinal: 1st, 2e, 3.º. */
const ordinals = /(?<![\p{L}\d.,])(\d{1,4})(\.?[ºª]|\p{Script=Latin}{1,3})(?![\p{L}\p{N}])/gu;
/** The same with a point, before a word of the same sentence: der 1. und der 21. Mai. */
const dotted =
  /(?<![\p{L}\d.,])(\d{1,2})\.(?=[ \u00a0](?:\p{Ll}|Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Jahrhundert))/gu;
const measures =
  /(?<!\d[.,]?)(\d+(?:[.,\u00a0\u202f]\d+)*)[ \u00a0\u202f]?(%|km\/h|km²|m²|m³|°C|°F|°|[kcm]?m|k?g|mg|ml|[GMK][Bo]|kHz|Hz|kWh|kW|min|h|s|l|км\/ч|[кмс]?м|к?г|мл|мин|ч|с|л|[ГМК]Б)(?!\p{Script=Latin}|\p{Script=Cyrillic}|\p{N})/gu;
const money =
  /([$€£¥₽₺])[ \u00a0]?(\d+(?:[.,\u00a0\u202f]\d+)*)|(?<!\d[.,]?)(\d+(?:[.,\u00a0\u202f]\d+)*)[ \u00a0\u202f]?([$€£¥₽₺]|(?:EUR|USD|GBP|zł|Kč|kr|грн|руб)(?!\p{L}))/gu;
const addresses =
  /(?<![\w.-])(?:(?:https?:\/\/)?[\w-]+(?:\.[\w-]+)*@[\w-]+(?:\.[\w-]+)+|https?:\/\/[^\s]+|(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|de|fr|es|it|pt|nl|pl|ru|uk|br|cn|jp|io|ai|dev|eu|tv)(?:\/[^\s]*)?(?![\w-]))/gi;

/** The signs of units, money and percent that stand with a number in a text, as they are written. */
export function measuresIn(text: string): string[] {
  const units = [...text.matchAll(measures)].map(([, , unit]) => unit!);
  const coins = [...text.matchAll(money)].map(([, before, , , after]) => before ?? after!);
  return [...units, ...coins].filter((sign) => /[%€$£¥₽₺°²³/]|[a-zA-Z]{2}/.test(sign));
}

/** The word for a unit's, a coin's or the percent sign; undefined where the language has no table. */
export function symbolWord(sign: string, language: string): string | undefined {
  if (tables[primaryLanguage(language)] === undefined) return undefined;
  const { percent, units, money: coins } = wordsOf(language);
  return sign === '%' ? percent : (units.get(sign) ?? coins.get(sign));
}

interface SymbolWords {
  readonly percent: string;
  readonly and: string;
  readonly plus: string;
  readonly at: string;
  readonly dot: string;
  readonly slash: string;
  readonly dash: string;
  readonly money: ReadonlyMap<string, string>;
  readonly units: ReadonlyMap<string, string>;
}

/** percent | and | plus | at | dot | slash | dash | sums of money | measures, in each language. */
const tables: Readonly<Record<string, string>> = {
  en: 'percent|and|plus|at|dot|slash|dash|$ dollars,€ euros,£ pounds,¥ yen,₽ rubles,₺ liras|km kilometers,m meters,cm centimeters,mm millimeters,kg kilograms,g grams,mg milligrams,l liters,ml milliliters,h hours,min minutes,s seconds,km/h kilometers an hour,°C degrees Celsius,°F degrees Fahrenheit,° degrees,GB gigabytes,MB megabytes,KB kilobytes,Hz hertz,kHz kilohertz,kW kilowatts,kWh kilowatt hours,m² square meters,km² square kilometers,m³ cubic meters',
  es: 'por ciento|y|más|arroba|punto|barra|guion|$ dólares,€ euros,£ libras,¥ yenes,₽ rublos,₺ liras|km kilómetros,m metros,cm centímetros,mm milímetros,kg kilogramos,g gramos,mg miligramos,l litros,ml mililitros,h horas,min minutos,s segundos,km/h kilómetros por hora,°C grados Celsius,°F grados Fahrenheit,° grados,GB gigabytes,MB megabytes,KB kilobytes,Hz hercios,kHz kilohercios,kW kilovatios,kWh kilovatios hora,m² metros cuadrados,km² kilómetros cuadrados,m³ metros cúbicos',
  fr: 'pour cent|et|plus|arobase|point|barre|tiret|$ dollars,€ euros,£ livres,¥ yens,₽ roubles,₺ livres|km kilomètres,m mètres,cm centimètres,mm millimètres,kg kilogrammes,g grammes,mg milligrammes,l litres,ml millilitres,h heures,min minutes,s secondes,km/h kilomètres heure,°C degrés Celsius,°F degrés Fahrenheit,° degrés,GB gigaoctets,MB mégaoctets,KB kilooctets,Hz hertz,kHz kilohertz,kW kilowatts,kWh kilowattheures,m² mètres carrés,km² kilomètres carrés,m³ mètres cubes',
  de: 'Prozent|und|plus|ät|Punkt|Schrägstrich|Strich|$ Dollar,€ Euro,£ Pfund,¥ Yen,₽ Rubel,₺ Lira|km Kilometer,m Meter,cm Zentimeter,mm Millimeter,kg Kilogramm,g Gramm,mg Milligramm,l Liter,ml Milliliter,h Stunden,min Minuten,s Sekunden,km/h Kilometer pro Stunde,°C Grad Celsius,°F Grad Fahrenheit,° Grad,GB Gigabyte,MB Megabyte,KB Kilobyte,Hz Hertz,kHz Kilohertz,kW Kilowatt,kWh Kilowattstunden,m² Quadratmeter,km² Quadratkilometer,m³ Kubikmeter',
  it: 'per cento|e|più|chiocciola|punto|barra|trattino|$ dollari,€ euro,£ sterline,¥ yen,₽ rubli,₺ lire|km chilometri,m metri,cm centimetri,mm millimetri,kg chilogrammi,g grammi,mg milligrammi,l litri,ml millilitri,h ore,min minuti,s secondi,km/h chilometri orari,°C gradi Celsius,°F gradi Fahrenheit,° gradi,GB gigabyte,MB megabyte,KB kilobyte,Hz hertz,kHz chilohertz,kW chilowatt,kWh chilowattora,m² metri quadrati,km² chilometri quadrati,m³ metri cubi',
  pt: 'por cento|e|mais|arroba|ponto|barra|hífen|$ dólares,€ euros,£ libras,¥ ienes,₽ rublos,₺ liras|km quilômetros,m metros,cm centímetros,mm milímetros,kg quilogramas,g gramas,mg miligramas,l litros,ml mililitros,h horas,min minutos,s segundos,km/h quilômetros por hora,°C graus Celsius,°F graus Fahrenheit,° graus,GB gigabytes,MB megabytes,KB quilobytes,Hz hertz,kHz quilohertz,kW quilowatts,kWh quilowatts hora,m² metros quadrados,km² quilômetros quadrados,m³ metros cúbicos',
  ru: 'процентов|и|плюс|собака|точка|косая черта|дефис|$ долларов,€ евро,£ фунтов,¥ иен,₽ рублей,₺ лир,руб рублей|km километров,m метров,cm сантиметров,mm миллиметров,kg килограммов,g граммов,mg миллиграммов,l литров,ml миллилитров,h часов,min минут,s секунд,km/h километров в час,°C градусов Цельсия,°F градусов Фаренгейта,° градусов,GB гигабайт,MB мегабайт,KB килобайт,Hz герц,kHz килогерц,kW киловатт,kWh киловатт-часов,m² квадратных метров,km² квадратных километров,m³ кубических метров',
  nl: 'procent|en|plus|apenstaartje|punt|schuine streep|streepje|$ dollar,€ euro,£ pond,¥ yen,₽ roebel,₺ lira|km kilometer,m meter,cm centimeter,mm millimeter,kg kilogram,g gram,mg milligram,l liter,ml milliliter,h uur,min minuten,s seconden,km/h kilometer per uur,°C graden Celsius,°F graden Fahrenheit,° graden,GB gigabyte,MB megabyte,KB kilobyte,Hz hertz,kHz kilohertz,kW kilowatt,kWh kilowattuur,m² vierkante meter,km² vierkante kilometer,m³ kubieke meter',
  pl: 'procent|i|plus|małpa|kropka|ukośnik|myślnik|$ dolarów,€ euro,£ funtów,¥ jenów,₽ rubli,₺ lir,zł złotych|km kilometrów,m metrów,cm centymetrów,mm milimetrów,kg kilogramów,g gramów,mg miligramów,l litrów,ml mililitrów,h godzin,min minut,s sekund,km/h kilometrów na godzinę,°C stopni Celsjusza,°F stopni Fahrenheita,° stopni,GB gigabajtów,MB megabajtów,KB kilobajtów,Hz herców,kHz kiloherców,kW kilowatów,kWh kilowatogodzin,m² metrów kwadratowych,km² kilometrów kwadratowych,m³ metrów sześciennych',
  tr: 'yüzde|ve|artı|et|nokta|bölü|tire|$ dolar,€ avro,£ sterlin,¥ yen,₽ ruble,₺ lira|km kilometre,m metre,cm santimetre,mm milimetre,kg kilogram,g gram,mg miligram,l litre,ml mililitre,h saat,min dakika,s saniye,km/h kilometre bölü saat,°C derece,°F fahrenhayt derece,° derece,GB gigabayt,MB megabayt,KB kilobayt,Hz hertz,kHz kilohertz,kW kilovat,kWh kilovat saat,m² metrekare,km² kilometrekare,m³ metreküp',
  sv: 'procent|och|plus|snabel a|punkt|snedstreck|bindestreck|$ dollar,€ euro,£ pund,¥ yen,kr kronor|km kilometer,m meter,cm centimeter,kg kilo,g gram,l liter,h timmar,min minuter,s sekunder,km/h kilometer i timmen,°C grader Celsius,° grader,GB gigabyte,MB megabyte',
  cs: 'procent|a|plus|zavináč|tečka|lomítko|pomlčka|$ dolarů,€ eur,£ liber,¥ jenů,Kč korun|km kilometrů,m metrů,cm centimetrů,kg kilogramů,g gramů,l litrů,h hodin,min minut,s sekund,km/h kilometrů za hodinu,°C stupňů Celsia,° stupňů,GB gigabajtů,MB megabajtů',
  uk: 'відсотків|і|плюс|равлик|крапка|коса риска|дефіс|$ доларів,€ євро,£ фунтів,¥ єн,грн гривень|km кілометрів,m метрів,cm сантиметрів,kg кілограмів,g грамів,l літрів,h годин,min хвилин,s секунд,km/h кілометрів на годину,°C градусів Цельсія,° градусів,GB гігабайтів,MB мегабайтів',
  id: 'persen|dan|plus|at|titik|garis miring|strip|$ dolar,€ euro,£ pound,¥ yen|km kilometer,m meter,cm sentimeter,kg kilogram,g gram,l liter,min menit,s detik,km/h kilometer per jam,°C derajat Celsius,° derajat,GB gigabita,MB megabita',
  vi: 'phần trăm|và|cộng|a còng|chấm|gạch chéo|gạch ngang|$ đô la,€ ơ rô,£ bảng,¥ yên|km ki lô mét,m mét,cm xen ti mét,mm mi li mét,kg ki lô gam,g gam,l lít,h giờ,min phút,s giây,km/h ki lô mét một giờ,°C độ xê,° độ,GB gi ga bai,MB mê ga bai',
  hi: 'प्रतिशत|और|प्लस|ऐट|डॉट|स्लैश|डैश|$ डॉलर,€ यूरो,£ पाउंड,¥ येन|km किलोमीटर,m मीटर,cm सेंटीमीटर,kg किलोग्राम,g ग्राम,l लीटर,h घंटे,min मिनट,s सेकंड,km/h किलोमीटर प्रति घंटा,°C डिग्री सेल्सियस,° डिग्री,GB गीगाबाइट,MB मेगाबाइट',
  th: 'เปอร์ เซ็น|และ|บวก|แอต|ดอต|ทับ|ขีด|$ ดอล ลาร์,€ ยู โร,£ ปอนด์,¥ เยน|km กิ โล เมตร,m เมตร,cm เซน ติ เมตร,kg กิ โล กรัม,g กรัม,l ลิตร,min นา ที,s วิ นา ที,km/h กิ โล เมตร ต่อ ชั่ว โมง,°C อง ศา,° อง ศา',
  ar: 'بِالْمِئَة|وَ|زَائِد|آت|نُقْطَة|شَرْطَة|شَرْطَة|$ دُولَار,€ يُورُو,£ جُنَيْه,¥ يِن|km كِيلُومِتْر,m مِتْر,cm سَنْتِيمِتْر,kg كِيلُوغْرَام,g غْرَام,l لِتْر,h سَاعَة,min دَقِيقَة,s ثَانِيَة,km/h كِيلُومِتْر فِي السَّاعَة,°C دَرَجَة مِئَوِيَّة,° دَرَجَة',
  zh: '百分之|和|加|艾特|点|斜杠|杠|$ 美元,€ 欧元,£ 英镑,¥ 元,₽ 卢布,₺ 里拉|km 公里,m 米,cm 厘米,mm 毫米,kg 公斤,g 克,mg 毫克,l 升,ml 毫升,h 小时,min 分钟,s 秒,km/h 公里每小时,°C 摄氏度,°F 华氏度,° 度,m² 平方米,km² 平方公里,m³ 立方米',
  ja: 'パーセント|と|プラス|アット|ドット|スラッシュ|ハイフン|$ ドル,€ ユーロ,£ ポンド,¥ 円,₽ ルーブル,₺ リラ|km キロメートル,m メートル,cm センチメートル,mm ミリメートル,kg キログラム,g グラム,mg ミリグラム,l リットル,ml ミリリットル,h 時間,min 分,s 秒,km/h キロメートル毎時,°C 度,°F 度,° 度,m² 平方メートル,km² 平方キロメートル,m³ 立方メートル',
  ko: '퍼센트|와|플러스|골뱅이|점|슬래시|대시|$ 달러,€ 유로,£ 파운드,¥ 엔,₽ 루블,₺ 리라|km 킬로미터,m 미터,cm 센티미터,mm 밀리미터,kg 킬로그램,g 그램,mg 밀리그램,l 리터,ml 밀리리터,h 시간,min 분,s 초,km/h 시속 킬로미터,°C 도,°F 도,° 도,m² 제곱미터,km² 제곱킬로미터,m³ 세제곱미터',
};

/** Signs of the same units in Cyrillic and French writing. */
const otherSigns: readonly (readonly [string, string])[] = [
  ...[
    ['км/ч', 'km/h'],
    ['км', 'km'],
    ['м', 'm'],
    ['см', 'cm'],
    ['мм', 'mm'],
    ['кг', 'kg'],
    ['г', 'g'],
    ['л', 'l'],
    ['мл', 'ml'],
  ],
  ...[
    ['ч', 'h'],
    ['мин', 'min'],
    ['с', 's'],
    ['ГБ', 'GB'],
    ['МБ', 'MB'],
    ['КБ', 'KB'],
    ['Go', 'GB'],
    ['Mo', 'MB'],
    ['Ko', 'KB'],
  ],
].map(([written, sign]) => [written!, sign!] as const);

const read = new Map<string, SymbolWords>();

function wordsOf(language: string): SymbolWords {
  const primary = primaryLanguage(language);
  const name = tables[primary] === undefined ? 'en' : primary;
  const known = read.get(name) ?? readTable(tables[name]!);
  read.set(name, known);
  return known;
}

function readTable(table: string): SymbolWords {
  const [percent = '', and = '', plus = '', at = '', dot = '', slash = '', dash = '', sums = '', measured = ''] =
    table.split('|');
  const mapOf = (list: string) =>
    new Map(list.split(',').map((entry) => [entry.slice(0, entry.indexOf(' ')), entry.slice(entry.indexOf(' ') + 1)]));
  const coins = mapOf(sums);
  for (const [code, sign] of ['EUR€', 'USD$', 'GBP£'].map((pair) => [pair.slice(0, 3), pair.slice(3)] as const)) {
    coins.set(code, coins.get(sign)!);
  }
  const units = mapOf(measured);
  for (const [written, sign] of otherSigns) {
    const name = units.get(sign);
    if (name !== undefined) units.set(written, name);
  }
  return { percent, and, plus, at, dot, slash, dash, money: coins, units };
}

function sayMoney(found: readonly string[], language: string, { money: names }: SymbolWords): string {
  const [whole = '', signBefore, digitsAfter, digitsBefore, signAfter] = found;
  const name = names.get(signBefore ?? signAfter ?? '');
  const digits = digitsAfter ?? digitsBefore;
  if (name === undefined || digits === undefined) return whole;
  const { whole: coins, decimals } = readNumber(digits, language);
  if (!/^\d\d$/.test(decimals)) return `${sayNumber(digits, language)} ${name}`;
  // Two decimals are cents, said after the coin.
  return `${sayNumber(coins, language, false)} ${name} ${decimals === '00' ? '' : sayNumber(decimals, language)}`;
}

/** Addresses are said without their protocol: `example dot com slash talk`. */
function sayAddress(address: string, { at, dot, slash, dash }: SymbolWords): string {
  const tail = /[.,;:!?)]+$/.exec(address)?.[0] ?? '';
  const said = address
    .slice(0, address.length - tail.length)
    .replace(/^https?:\/\//i, '')
    .replace(/^www\./i, 'WWW.')
    .replace(/\/$/, '')
    .replace(/@/g, ` ${at} `)
    .replace(/\./g, ` ${dot} `)
    .replace(/\//g, ` ${slash} `)
    .replace(/[-_]/g, ` ${dash} `);
  return said + tail;
}

/** A row of digits with its separators, in words; unchanged but for thousands where the language has no table. */
function sayNumber(written: string, language: string, mayBeYear = true): string {
  const { whole, decimals } = readNumber(written, language);
  if (decimals !== '') return decimalWords(whole, decimals, language) ?? `${whole}.${decimals}`;
  return numberWords(whole, language, mayBeYear && /^\d{4}$/.test(written)) ?? whole;
}

/** Languages whose decimals follow a point; elsewhere they follow a comma. */
const decimalPoint: ReadonlySet<string> = new Set([
  'en',
  'zh',
  'ja',
  'ko',
  'th',
  'yue',
  'he',
  'hi',
  'ms',
  'sw',
  'bn',
  'ta',
  'te',
]);

/** Whole part and decimals of `1,234.5` or `1.234,5`; a separator before exactly three digits is one of thousands. */
function readNumber(written: string, language: string): { readonly whole: string; readonly decimals: string } {
  const mark = decimalPoint.has(primaryLanguage(language)) ? '.' : ',';
  const parts = written.split(/[.,'’\u00a0\u202f]/);
  const separators = [...written.replace(/\d/g, '')];
  const grouped = (count: number) => parts.slice(1, count + 1).every((part) => part.length === 3);
  const last = separators.at(-1);
  const hasDecimals =
    last !== undefined && parts.at(-1)!.length !== 3
      ? true
      : last === mark && separators.length === 1 && mark !== '.' && parts[0] === '0';
  if (last !== undefined && hasDecimals && (last === '.' || last === ',') && grouped(separators.length - 1)) {
    return { whole: parts.slice(0, -1).join(''), decimals: parts.at(-1)! };
  }
  if (last === mark && separators.length === 1 && parts.at(-1)!.length === 3 && parts[0]!.length > 3) {
    return { whole: parts[0]!, decimals: parts[1]! };
  }
  return { whole: parts.join(''), decimals: '' };
}
