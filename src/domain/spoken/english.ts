/** Words that no rule of spelling gets right, by their number of syllables. */
const exceptions = new Map(
  Object.entries({
    1: 'fire hour our sure moved heart tongue queue league vague clothes source aisle isle real',
    2: 'every different being doing going seeing science quiet diet trial giant lion riot poet fuel cruel dual create people business evening several chocolate special social ocean asian patient nation something someone somewhere sometimes somehow household therefore statement basement pavement cafe naked wicked sacred aged hundred',
    3: 'area idea recipe moreover otherwise reality museum period serious radio studio video various previous obvious interesting cinema similar library vegetable piano series created',
    4: 'experience society variety advertisement immediate appreciate associate material',
  }).flatMap(([count, words]) => words.split(' ').map((word): [string, number] => [word, Number(count)])),
);

/** Vowels side by side that are two syllables. */
const apart =
  /i(?=a(?!ge|g$|gn)|o(?!u|n)|um|et|en(?=ce|t)|us)|ia(?=t)|eo(?=l|g|r|n)|ua(?=l|t|r)|uo(?=u)|u(?=ity|in$)|ea(?=t(?:e|ed|es|ing|ion|ive|or)$)|y(?=ing)|o(?=ing)|e(?=ing)|oe(?=t)|ue(?=l|t(?!te))|ii|io(?=t$|ts$)|eu(?=m)/g;

/** Vowels side by side that look like two and are one. */
const together: readonly (readonly [RegExp, string])[] = [
  [/(?<=[ctsgx])i(?=ous|on|an|al|ent|ence|ate[^d]|ency|um)/g, ''],
  [/(?<=g)e(?=ous|on)/g, ''],
  [/qu/g, 'kw'],
  [/(?<=g)u(?=[aei])/g, ''],
];

/** Prefixes that end in a vowel before a vowel: re-act, co-operate, pre-empt. */
const prefixes =
  /^(re(?=[aeiou](?!d|l|a|ch|son|sp|st|dy))|co(?=op|or|ex|in|au)|pre(?=[ei])|bio|geo(?!r)|neo|anti(?=[aeo])|semi(?=[ao]))/;

/** Whole words inside compounds, whose silent e stands in the middle. */
const compounds =
  /^(some|there|where|here|fire|home|life|time|safe|wide|use|care|hope|peace|space|state|place|fore|more|side|note|name|game|trade|face|base)(?=[bcdfghjklmnpqrstvwxz]\p{L}*$)/u;

/** Syllables of an English word in lower case. */
export function englishSyllables(word: string): number {
  const plain = word
    .replace(/[’']s$/, /[sxz]['’]s$|(?:ch|sh|ge|ce)['’]s$/.test(word) ? 'es' : '')
    .normalize('NFD')
    .replace(/\p{M}/gu, '');
  const known = exceptions.get(plain) ?? exceptions.get(plain.replace(/(?<=[^s])s$/, ''));
  if (known !== undefined) return known;
  const contracted = /n[’']t$/.test(plain);
  if (contracted && /(did|could|would|should|had|is|was|does|has|must|need)n[’']t$/.test(plain))
    return englishSyllables(plain.slice(0, -3)) + 1;
  return Math.max(1, groups(plain.replace(/[’'].*$/, '')));
}

function groups(word: string): number {
  const head = prefixes.exec(word)?.[0] ?? '';
  const spoken = withoutSilent(word.slice(head.length));
  const joined = together.reduce((text, [pattern, by]) => text.replace(pattern, by), spoken);
  const opened = joined.replace(apart, (vowel) => `${vowel[0]}.${vowel.slice(1)}`);
  const count = (text: string) => (text.match(/[aeiouy]+/g) ?? []).length;
  // A consonant before -le, -re, -sm and -thm carries a syllable: table, acre, prism, rhythm.
  const syllabic = /[^aeiouywrl]le[sd]?$|[cgt]re$|[^aeiou]sms?$|[aeiou]sms?$|thms?$/.test(word) ? 1 : 0;
  return (head === '' ? 0 : count(head.replace(/(?<=[eio])(?=o)/, '.'))) + count(opened) + syllabic;
}

/** The word without the e of -e, -es and -ed where nobody says it. */
function withoutSilent(word: string): string {
  const inner = word.replace(compounds, (part) => part.slice(0, -1));
  if (/(?:[sxz]|ch|sh|[cg])es$/.test(inner)) return inner;
  return inner
    .replace(/(?<=[aeiouy].*[^aeiouytd])ed$/, 'd')
    .replace(/(?<=[aeiouy].*[^aeiouy])es$/, 's')
    .replace(/(?<=[^aeiouy])les$/, 'ls')
    .replace(/(?<=[aeiouy].*[^aeiouy])e$/, '')
    .replace(/(?<=[^aeiouy])le$/, 'l')
    .replace(/(?<=[aeiouy].*[^aeiouyl])e(?=(?:ly|ment|ments|ful|less|ness|lessly|fully)$)/, '');
}
