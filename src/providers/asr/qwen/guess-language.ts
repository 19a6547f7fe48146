/** Letters that only one language known here is written with, first match first: kana before Han, since Japanese has both. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Thai}/gu, 'th'],
  [/\p{Script=Arabic}/gu, 'ar'],
  [/\p{Script=Devanagari}/gu, 'hi'],
  [/\p{Script=Greek}/gu, 'el'],
];

/** Small words that make up a good part of any text, few of them shared between neighbours. Our choice. */
const smallWords: Readonly<Record<string, string>> = {
  en: 'the and of to is that it you was for with this have not are but what they',
  de: 'der die das und ist nicht ich ein zu mit auf sich auch wir es dass wie aber sie war',
  fr: 'le la les et est pas que je des un une vous dans pour qui ce sur il nous mais avec',
  es: 'el los las que y es no por una con para como pero lo se del más muy yo está',
  pt: 'o os que não uma com para é do da em mas por eu você ele isso muito no na são',
  it: 'il che di non è per una sono con del della ma si gli come questo mi più anche ha',
  nl: 'de het een en van ik niet dat is zijn je op te met voor maar wat we ook naar',
  sv: 'och att det som en på är jag inte för med den har ett vi till men om var så',
  da: 'og det at er en jeg ikke på til med for den har der af vi et men som hvad',
  no: 'og det at er en jeg ikke på til med for den har som av vi et men hva også',
  fi: 'ja on ei se että hän mutta niin kun oli ovat minä mitä tämä myös kuin joka nyt sen',
  pl: 'i w nie na się to że jest z do jak ale co tak po od czy już był dla',
  cs: 'a je se na že to v ne jsem tak ale jak když s jsou ten co pro by už',
  sk: 'a je sa na že to v nie som tak ale ako keď s sú ten čo pre by už',
  hu: 'a az és nem hogy is van egy ez de meg ha csak volt már mint azt most én te',
  ro: 'și nu este că în la o un de cu pe mai ce a fost sunt dar din pentru se',
  hr: 'i je da se u na ne to što sam su za kao ali od bi ili sve kako ovo',
  id: 'yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena bisa ada sudah kita',
  ms: 'yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke kerana boleh ada sudah kita',
  vi: 'là và của không có cho được một người những này với các trong đã khi tôi thì nhưng rất',
  tl: 'ang ng sa na mga ay hindi ko siya ito kung para at ni niya naman po lang may ako',
  ru: 'и в не на что я с он это как но они мы был вы его она так для же',
  bg: 'и на да не се за че е от са с той това по като ще или съм беше как',
};

/** A text needs so many of its words known before a language is believed. */
const leastShare = 0.08;

/** The language of a text by its script and its small words; undefined when nothing tells. */
export function guessLanguage(text: string): string | undefined {
  const letters = (text.match(/\p{L}/gu) ?? []).length;
  if (letters === 0) return undefined;
  for (const [pattern, language] of scripts) {
    // Japanese is half Han; in all others the script makes up the text.
    if ((text.match(pattern) ?? []).length / letters > (language === 'ja' ? 0.1 : 0.4)) return language;
  }
  const words = text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [];
  const scores = Object.entries(smallWords).map(([language, list]) => {
    const small = new Set(list.split(' '));
    return { language, share: words.filter((word) => small.has(word)).length / words.length };
  });
  const best = scores.reduce((most, one) => (one.share > most.share ? one : most));
  return best.share >= leastShare ? best.language : undefined;
}
