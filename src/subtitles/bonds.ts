import { announcesNumber, isTitle } from './abbreviations.js';
import { withoutOpeners } from './sentences.js';

const words = (list: string) => new Set(list.split(' '));

/** What stands after a number and belongs to it, lower case: signs, units, times, money, large numbers. */
const units = words(
  '% ‰ ° °c °f ℃ percent per pc prozent porcento por pour procent процент процента процентов ' +
    'km m cm mm nm µm mi ft yd ha km² m² m³ kg g mg µg lb lbs oz t l dl ml hz khz mhz ghz kw mw gw kwh mwh wh db ' +
    'kb mb gb tb px fps bpm rpm mph km/h kph km/u h hr hrs min mins s sec secs ms k c f € $ £ ¥ ₽ ₹ ₩ eur usd gbp jpy ' +
    'cny rmb chf fr ' +
    "am pm a.m p.m a.m. p.m. bc ad bce ce uhr o’clock o'clock hours hour minutes minute seconds second days day weeks " +
    'week months month years year decades centuries meter meters metre metres kilometer kilometers kilometre ' +
    'kilometres centimeters millimeters miles mile feet foot inches inch yards acres kilos kilograms grams pounds ounces ' +
    'tons tonnes liters litres gallons degrees watts volts hertz bytes bits dollars dollar cents euros euro pence yen ' +
    'yuan rubles rupees hundred thousand million millions billion billions trillion trillions dozen times ' +
    'stunde stunden minuten sekunden tage tagen woche wochen monate monaten jahre jahren kilometern metern gramm ' +
    'kilogramm grad hundert tausend millionen milliarde milliarden billionen mio mrd mio. mrd. mal ' +
    'horas hora minutos segundos días semanas meses años siglos metros kilómetros kilogramos gramos litros grados ' +
    'dólares pesos céntimos libras mil millón millones veces ciento cien ' +
    'heure heures secondes jours semaines mois ans années siècles mètres kilomètres grammes litres degrés francs ' +
    'centimes mille milliard milliards fois cent cents ' +
    'ore minuti secondi giorni settimane mesi anni metri chilometri gradi milioni miliardi volte ' +
    'dias anos quilômetros quilómetros graus milhão milhões bilhões reais vezes uur dagen weken maanden jaar ' +
    'г г. год года лет км м см мм кг г/л час часа часов минут минуты секунд дней дня недель месяцев градусов рублей ' +
    'долларов евро тысяч тысячи миллион миллиона миллионов миллиард миллиардов раз',
);

/** Spelled numbers, lower case: English, German, Spanish, French, as recognisers write them. */
const numberWords = words(
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen ' +
    'nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion ' +
    'zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig hundert tausend ' +
    'millionen milliarden dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta ' +
    'cincuenta sesenta setenta ochenta noventa cien ciento mil millones deux trois quatre cinq sept huit neuf dix onze ' +
    'douze quinze vingt trente quarante cinquante soixante cent mille millions milliards тысяч миллионов',
);

const chineseNumeral = /[\d０-９一二三四五六七八九十百千万萬亿億两兩〇零半几數数]$/;
const counters =
  /^(?:[年月日号號時时点點分秒元円圆塊块岁歲歳个個人次回倍万萬亿億千百十米克吨噸度％%℃]|公里|公斤|小时|小時|分钟|キロ|メートル|パーセント|グラム|ドル|ユーロ)/;
const koreanCounters = /^(?:[년월일시분초원명개살번만억]|퍼센트|킬로|달러|시간|센티|미터)/;

/**
 * True when two neighbouring words must stay together: a number and its unit (`10 km`, `$5 million`, `12 Uhr`), the
 * groups of one number (`10 000`), what announces a number (`No. 5`), a title and a name (`Dr. Smith`), initials
 * (`J. F. Kennedy`). Knows common European languages, Russian, Chinese, Japanese and Korean; a word of the tables in
 * another language's text is rare and does little harm.
 */
export function isBound(left: string, right: string): boolean {
  const before = withoutOpeners(left);
  const after = withoutOpeners(right);
  if (before === '' || after === '') return false;
  if (isNumberPair(before, after)) return true;
  if (/^[$€£¥₽₹₩#§№]$|^[A-Z]{1,3}\$$/.test(before) || announcesNumber(before)) return /^\d/.test(after);
  if (chineseNumeral.test(before) && counters.test(after)) return true;
  if (/\d$/.test(before) && koreanCounters.test(after)) return true;
  if (isNumber(before)) return isUnit(after);
  const isInitial = /^(?:\p{Lu}\.-?)+$/u.test(before);
  return (isInitial || isTitle(before)) && /^\p{Lu}/u.test(after);
}

/** True for two groups of digits: `10` and `000`, also `3` and `2` of a countdown. */
export function isNumberPair(left: string, right: string): boolean {
  return /\d$/.test(left) && /^\d/.test(right);
}

function isNumber(word: string): boolean {
  const lower = word.toLowerCase();
  return /\d[\d.,]*[km%€$£¥°]?$/.test(lower.slice(-40)) ? !/[.,]$/.test(lower) : isSpelledNumber(lower);
}

/** `twenty`, `twenty-five`, and the `million` of `$5 million dollars`. */
function isSpelledNumber(word: string): boolean {
  return word.split('-', 3).every((part) => numberWords.has(part));
}

function isUnit(word: string): boolean {
  const bare = word.toLowerCase().replace(/[.,;:!?…)\]}"'”’»。，、]{1,9}$/, '');
  if (bare === '') return false;
  return units.has(bare) || isSpelledNumber(bare) || /^[%‰°€$£¥]/.test(bare);
}
