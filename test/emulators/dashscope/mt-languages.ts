/** Languages of qwen-mt-plus, -flash and -turbo by name, with their codes, as the page lists them (2026). */
export const mtLanguages: ReadonlyMap<string, string> = new Map(
  (
    'English=en, Chinese=zh, Traditional Chinese=zh_tw, Russian=ru, Japanese=ja, Korean=ko, Spanish=es, ' +
    'French=fr, Portuguese=pt, German=de, Italian=it, Thai=th, Vietnamese=vi, Indonesian=id, Malay=ms, ' +
    'Arabic=ar, Hindi=hi, Hebrew=he, Burmese=my, Tamil=ta, Urdu=ur, Bengali=bn, Polish=pl, Dutch=nl, ' +
    'Romanian=ro, Turkish=tr, Khmer=km, Lao=lo, Cantonese=yue, Czech=cs, Greek=el, Swedish=sv, Hungarian=hu, ' +
    'Danish=da, Finnish=fi, Ukrainian=uk, Bulgarian=bg, Serbian=sr, Telugu=te, Afrikaans=af, Armenian=hy, ' +
    'Assamese=as, Asturian=ast, Basque=eu, Belarusian=be, Bosnian=bs, Catalan=ca, Cebuano=ceb, Croatian=hr, ' +
    'Egyptian Arabic=arz, Estonian=et, Galician=gl, Georgian=ka, Gujarati=gu, Icelandic=is, Javanese=jv, ' +
    'Kannada=kn, Kazakh=kk, Latvian=lv, Lithuanian=lt, Luxembourgish=lb, Macedonian=mk, Maithili=mai, ' +
    'Maltese=mt, Marathi=mr, Mesopotamian Arabic=acm, Moroccan Arabic=ary, Najdi Arabic=ars, Nepali=ne, ' +
    'North Azerbaijani=az, North Levantine Arabic=apc, Northern Uzbek=uz, Norwegian Bokmål=nb, ' +
    'Norwegian Nynorsk=nn, Occitan=oc, Odia=or, Pangasinan=pag, Sicilian=scn, Sindhi=sd, Sinhala=si, Slovak=sk, ' +
    'Slovenian=sl, South Levantine Arabic=ajp, Swahili=sw, Tagalog=tl, Ta’izzi-Adeni Arabic=acq, ' +
    'Tosk Albanian=sq, Tunisian Arabic=aeb, Venetian=vec, Waray=war, Welsh=cy, Western Persian=fa'
  )
    .split(', ')
    .map((pair) => pair.split('=') as [string, string]),
);

const liteNames =
  'English, Chinese, Traditional Chinese, Russian, Japanese, Korean, Spanish, French, Portuguese, German, ' +
  'Italian, Thai, Vietnamese, Indonesian, Malay, Arabic, Hindi, Hebrew, Urdu, Bengali, Polish, Dutch, Turkish, ' +
  'Khmer, Czech, Swedish, Hungarian, Danish, Finnish, Tagalog';

/** Those of qwen-mt-lite, where Persian has another name. */
export const mtLiteLanguages: ReadonlyMap<string, string> = new Map([
  ...liteNames.split(', ').map((name) => [name, mtLanguages.get(name)!] as const),
  ['Persian', 'fa'] as const,
]);
