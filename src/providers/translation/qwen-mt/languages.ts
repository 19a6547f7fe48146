import { parseLanguage, primaryLanguage } from '../../../domain/language.js';

/** `code=Name`: what qwen-mt-plus, -flash and -turbo translate (help.aliyun.com, qwen-mt-api, 2026). */
const names =
  'en=English, zh=Chinese, zh_tw=Traditional Chinese, ru=Russian, ja=Japanese, ko=Korean, es=Spanish, ' +
  'fr=French, pt=Portuguese, de=German, it=Italian, th=Thai, vi=Vietnamese, id=Indonesian, ms=Malay, ' +
  'ar=Arabic, hi=Hindi, he=Hebrew, my=Burmese, ta=Tamil, ur=Urdu, bn=Bengali, pl=Polish, nl=Dutch, ' +
  'ro=Romanian, tr=Turkish, km=Khmer, lo=Lao, yue=Cantonese, cs=Czech, el=Greek, sv=Swedish, hu=Hungarian, ' +
  'da=Danish, fi=Finnish, uk=Ukrainian, bg=Bulgarian, sr=Serbian, te=Telugu, af=Afrikaans, hy=Armenian, ' +
  'as=Assamese, ast=Asturian, eu=Basque, be=Belarusian, bs=Bosnian, ca=Catalan, ceb=Cebuano, hr=Croatian, ' +
  'arz=Egyptian Arabic, et=Estonian, gl=Galician, ka=Georgian, gu=Gujarati, is=Icelandic, jv=Javanese, ' +
  'kn=Kannada, kk=Kazakh, lv=Latvian, lt=Lithuanian, lb=Luxembourgish, mk=Macedonian, mai=Maithili, ' +
  'mt=Maltese, mr=Marathi, acm=Mesopotamian Arabic, ary=Moroccan Arabic, ars=Najdi Arabic, ne=Nepali, ' +
  'az=North Azerbaijani, apc=North Levantine Arabic, uz=Northern Uzbek, nb=Norwegian Bokmål, ' +
  'nn=Norwegian Nynorsk, oc=Occitan, or=Odia, pag=Pangasinan, scn=Sicilian, sd=Sindhi, si=Sinhala, sk=Slovak, ' +
  'sl=Slovenian, ajp=South Levantine Arabic, sw=Swahili, tl=Tagalog, acq=Ta’izzi-Adeni Arabic, ' +
  'sq=Tosk Albanian, aeb=Tunisian Arabic, vec=Venetian, war=Waray, cy=Welsh, fa=Western Persian';

const liteCodes = 'en zh zh_tw ru ja ko es fr pt de it th vi id ms ar hi he ur bn pl nl tr km cs sv hu da fi tl fa';

const all = new Map(names.split(', ').map((pair) => pair.split('=') as [string, string]));
const lite = new Set(liteCodes.split(' '));

/** Tags whose language goes by another code there. */
const others: Readonly<Record<string, string>> = { no: 'nb', fil: 'tl', iw: 'he', in: 'id' };

/** What a model calls a language; undefined when it does not translate it. The English name is taken everywhere. */
export function mtLanguageName(model: string, tag: string): string | undefined {
  const code = mtCode(tag);
  const isLite = model.startsWith('qwen-mt-lite');
  if (isLite && !lite.has(code)) return undefined;
  // The smaller model has Persian under another name.
  return isLite && code === 'fa' ? 'Persian' : all.get(code);
}

function mtCode(tag: string): string {
  const known = parseLanguage(tag) ?? tag;
  const primary = primaryLanguage(known);
  if (primary === 'zh') return /^zh(-.*)?-(Hant|TW|HK|MO)\b/i.test(known) ? 'zh_tw' : 'zh';
  return others[primary] ?? primary;
}
