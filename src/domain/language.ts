/**
 * ISO 639-1 codes with their ISO 639-2 ones, `two:terminology` or `two:terminology/bibliographic`. Containers want the
 * three-letter ones: MP4 the terminology code, Matroska the bibliographic one. Source: ISO 639-2 registry.
 */
const iso639 =
  'aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bih ' +
  'bi:bis bm:bam bn:ben bo:bod/tib br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces/cze cu:chu cv:chv ' +
  'cy:cym/wel da:dan de:deu/ger dv:div dz:dzo ee:ewe el:ell/gre en:eng eo:epo es:spa et:est eu:eus/baq fa:fas/per ' +
  'ff:ful fi:fin fj:fij fo:fao fr:fra/fre fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ' +
  'ho:hmo hr:hrv ht:hat hu:hun hy:hye/arm hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl/ice it:ita ' +
  'iu:iku ja:jpn jv:jav ka:kat/geo kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur ' +
  'kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri/mao ' +
  'mk:mkd/mac ml:mal mn:mon mr:mar ms:msa/may mt:mlt my:mya/bur na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld/dut ' +
  'nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que ' +
  'rm:roh rn:run ro:ron/rum ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk/slo sl:slv sm:smo sn:sna ' +
  'so:som sq:sqi/alb sr:srp ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl ' +
  'tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol ' +
  'xh:xho yi:yid yo:yor za:zha zh:zho/chi zu:zul ';

interface Codes {
  readonly terminology: string;
  readonly bibliographic: string;
}

const byTwoLetters = new Map<string, Codes>();
const byThreeLetters = new Map<string, string>();
for (const entry of iso639.trim().split(' ')) {
  const [two = '', three = ''] = entry.split(':');
  const [terminology = '', bibliographic = terminology] = three.split('/');
  byTwoLetters.set(two, { terminology, bibliographic });
  byThreeLetters.set(terminology, two);
  byThreeLetters.set(bibliographic, two);
}

/**
 * A language tag in its usual spelling (`zh-hans-cn` becomes `zh-Hans-CN`); three-letter codes with a two-letter twin
 * become that twin, and `cmn` becomes `zh`.
 * @returns undefined when the text is no language tag or names no language of ISO 639
 */
export function parseLanguage(text: string): string | undefined {
  const trimmed = text.trim().replaceAll('_', '-');
  const [primary = ''] = trimmed.toLowerCase().split('-');
  const rest = trimmed.slice(primary.length);
  const twin = primary === 'cmn' ? 'zh' : (byThreeLetters.get(primary) ?? primary);
  if (!/^[a-z]{2,3}$/.test(twin) || twin === undetermined) return undefined;
  try {
    const locale = new Intl.Locale(twin + rest);
    return languageName(locale.baseName) === undefined ? undefined : locale.baseName;
  } catch {
    return undefined;
  }
}

/** The tag of a language that nobody told (BCP 47, ISO 639-2). */
export const undetermined = 'und';

/** The primary subtag: `pt` of `pt-BR`. */
export function primaryLanguage(tag: string): string {
  return tag.split('-')[0]!.toLowerCase();
}

/** True when both tags name the same language, regions and scripts aside. */
export function sameLanguage(a: string, b: string): boolean {
  return primaryLanguage(parseLanguage(a) ?? a) === primaryLanguage(parseLanguage(b) ?? b);
}

/** The three-letter code a container wants; the primary subtag itself when it has none. */
export function threeLetterLanguage(tag: string, kind: 'terminology' | 'bibliographic'): string {
  const primary = primaryLanguage(tag);
  return byTwoLetters.get(primary)?.[kind] ?? primary;
}

/** English name of a language, undefined when there is none: `Spanish`, `Brazilian Portuguese`. */
export function languageName(tag: string, inLanguage = 'en'): string | undefined {
  const names = new Intl.DisplayNames([inLanguage], { type: 'language', fallback: 'none' });
  return names.of(tag);
}

/** The language's name for itself with a capital: `Español`, `中文`; falls back to the tag. */
export function nativeLanguageName(tag: string): string {
  const name = languageName(tag, tag) ?? languageName(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

/** True for languages written without spaces between words, counted by characters: Chinese, Japanese, Thai, … */
export function isUnspaced(tag: string): boolean {
  return ['zh', 'ja', 'yue', 'th', 'lo', 'km', 'my'].includes(primaryLanguage(tag));
}
