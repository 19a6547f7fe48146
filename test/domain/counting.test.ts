import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { spellOut } from '../../src/domain/spoken/spell-out.js';
import { syllablesOf } from '../../src/domain/spoken/syllables.js';
import { countPauses, countUnits, unitOf } from '../../src/domain/spoken/units.js';

// Reference words: counted by hand, `word:syllables`.
test.each([
  ['en', 'table:2 because:2 beautiful:3 every:2 people:2 walked:1 wanted:2 science:2 experience:4 you’re:1 didn’t:2'],
  ['en', 'something:2 language:2 world:1 idea:3 create:2 nation:2 houses:2 rhythm:2 museum:3 actually:4'],
  ['es', 'ahora:3 ciudad:2 país:2 aire:2 queso:2 guitarra:3 pingüino:3 estudiáis:3 poeta:3 muy:1 oído:3 construir:2'],
  [
    'fr',
    'maintenant:2 petite:2 livre:1 famille:2 travailler:3 crier:2 pied:1 nuit:1 chapeau:2 aujourd’hui:3 travaillent:2',
  ],
  ['de', 'Leute:2 Freude:2 Familien:4 Nation:2 verstehen:3 Museum:3 Straße:2 Äpfel:2 heiß:1 beobachten:4'],
  ['it', 'acqua:2 buono:2 città:2 ciao:1 mio:2 paura:3 gelato:3 scienza:2 perché:2 guerra:2'],
  ['pt', 'coração:3 mãe:1 água:2 história:3 dia:2 país:2 português:3 noite:2 muito:2 guerra:2'],
  ['ru', 'молоко:3 здравствуйте:3 ёлка:2 Россия:3 что:1'],
  ['nl', 'mooi:1 lopen:2 vrouw:1 vergadering:4 ideeën:3 politie:3 meeuw:1 huis:1 tijd:1'],
  ['pl', 'dziękuję:3 niebo:2 wiadomość:3 człowiek:2 auto:2 miasto:2 siedem:2'],
  ['tr', 'merhaba:3 İstanbul:3 çok:1 saat:2 öğretmen:3'],
  ['cs', 'vlk:1 prst:1 voda:2 louka:2'],
  ['fi', 'suomi:2 maa:1 hyvää:2 yliopisto:5'],
  ['sv', 'hej:1 människa:3 Europa:3'],
  ['el', 'ουρανός:3 και:1 καλημέρα:4'],
  ['hu', 'köszönöm:3 igen:2'],
  ['uk', 'дякую:3 їжа:2'],
  ['xx', 'banana:3 telefon:3'],
])('syllables of %s words', (language, list) => {
  for (const entry of list.split(' ')) {
    const [word = '', count] = entry.split(':');
    expect([word, syllablesOf(word, language)]).toEqual([word, Number(count)]);
  }
});

test.each([
  ['ja', 'とうきょう', 4],
  ['ja', 'ニュース', 3],
  ['ja', 'ありがとう', 5],
  ['zh', '你好，世界！', 4],
  ['zh', '我有3个OK', 6],
  ['ko', '안녕하세요', 5],
  ['th', 'ขอบคุณ', 2],
  ['hi', 'नमस्ते', 3],
  ['ar', 'مرحبا', 3],
  ['en', 'NASA and the USA', 7],
  ['en', 'THIS IS A SHOUT', 4],
  ['es', 'La ONU y el FMI', 10],
  ['en', '', 0],
  ['en', '— … ?', 0],
])('%s: %s is %d long', (language, text, count) => {
  expect(countUnits(text, language)).toBe(count);
});

test.each([
  [
    'en',
    'In 1984 it was 3.5% of $1,234.',
    'In nineteen eighty four it was three point five percent of one thousand two hundred thirty four dollars.',
  ],
  ['en', 'See https://www.example.com/talk.', 'See WWW dot example dot com slash talk.'],
  ['en', 'Write to me@example.org', 'Write to me at example dot org'],
  ['es', '1.234,5 km y 3 €', 'mil doscientos treinta y cuatro coma cinco kilómetros y tres euros'],
  ['fr', '91 % et 22 000', 'quatre-vingt-onze pour cent et vingt-deux mille'],
  ['de', '1984, 71 °C', 'neunzehnhundertvierundachtzig , einundsiebzig Grad Celsius'],
  ['it', '21 e 1.000.000', 'ventuno e un milione'],
  ['pt', '131 & 2', 'cento e trinta e um e dois'],
  ['ru', '2021 и 22 000', 'две тысячи двадцать один и двадцать две тысячи'],
  ['nl', '23 en 0,75', 'drieëntwintig en nul komma vijfenzeventig'],
  ['pl', '2 500 000', 'dwa miliony pięćset tysięcy'],
  ['tr', '%5', 'yüzde beş'],
  ['en', '007', 'zero zero seven'],
  ['en', '1234567890123456', 'one two three four five six seven eight nine zero one two three four five six'],
])('%s says %s', (language, text, said) => {
  expect(spellOut(text, language)).toBe(said);
});

test('units and pauses', () => {
  expect(['en', 'zh-Hant', 'ja', 'ko', 'th'].map(unitOf)).toEqual([
    'syllables',
    'characters',
    'morae',
    'characters',
    'syllables',
  ]);
  expect(countPauses('Well, yes. At 3.5 it is, say, example.com.')).toBe(4);
  expect(countPauses('你好，世界！再见。')).toBe(2);
});

// An independent check: the syllables that espeak-ng speaks. Common words, as they come in any talk.
const common: Readonly<Record<string, string>> = {
  en: 'the of and people water after little where through great because another even different again house point world answer found study still learn should country between never under story remember children early together important until mountain family body music color question area problem complete usually friend easy morning system government business money company interest increase policy several university natural',
  es: 'tiempo vida gobierno ciudad país agua noche mundo familia historia siempre después mientras trabajo cuando mujer hombre también primero importante problema nosotros escuela tierra guerra idea medio nuevo ejemplo fuera ciencia social sistema momento manera lugar persona grupo caso cuerpo luego bueno mejor todavía cualquier aunque quizás energía economía',
  fr: 'temps monde année homme femme enfant maison ville pays histoire travail question point groupe problème important toujours jamais souvent aussi encore politique guerre entreprise ensemble première petite grande nouvelle chose personne parole lettre nature moment exemple famille musique lumière chemin bataille soleil feuille bouteille premier dernier',
  de: 'Zeit Jahr Mensch Leben Arbeit Haus Frau Kind Welt Stadt Land Frage Geschichte Wasser Regierung Unternehmen Entwicklung Familie Schule Straße Freund verstehen arbeiten natürlich vielleicht immer wieder zwischen gegen heute morgen Abend Beispiel wichtig schwierig Erfahrung Freiheit Wissenschaft Möglichkeit Gesellschaft Wirtschaft',
  it: 'tempo vita mondo casa uomo donna giorno anno cosa parte paese città storia lavoro famiglia acqua guerra governo sempre ancora quando mentre perché problema esempio importante bambino libro scuola strada amico parola musica natura persona momento domanda risposta notizia grande nuovo primo ultimo bello possibile',
  ru: 'время человек жизнь день рука работа слово место вопрос лицо друг глаз дом вода город сила страна история женщина ребёнок правда школа семья случай конец начало право система утро вечер язык книга голос отец земля мир',
  nl: 'tijd jaar mens leven werk huis vrouw kind wereld stad land vraag geschiedenis water regering bedrijf ontwikkeling familie school straat vriend begrijpen werken natuurlijk misschien altijd weer tussen tegen vandaag morgen avond voorbeeld belangrijk moeilijk ervaring vrijheid wetenschap',
  pl: 'czas rok człowiek życie praca dom kobieta dziecko świat miasto kraj pytanie historia woda rząd rodzina szkoła ulica przyjaciel rozumieć pracować może zawsze znowu między przeciw dzisiaj jutro wieczór przykład ważny trudny wolność nauka',
  tr: 'zaman yıl insan hayat iş ev kadın çocuk dünya şehir ülke soru tarih su hükümet aile okul sokak arkadaş anlamak çalışmak belki her zaman yine arasında karşı bugün yarın akşam örnek önemli zor özgürlük bilim',
};

test.each(Object.entries(common))('agrees with the voice of espeak-ng on common %s words', async (language, list) => {
  const words = list.split(' ');
  const spoken = await pronounce(language, words);
  const counted = words.map((word) => syllablesOf(word, language));
  const wrong = words.filter((_, index) => counted[index] !== spoken[index]);
  expect(wrong.length / words.length, wrong.join(' ')).toBeLessThanOrEqual(0.12);
  const [all, heard] = [counted, spoken].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  expect(Math.abs(all! / heard! - 1)).toBeLessThanOrEqual(0.05);
});

async function pronounce(language: string, words: readonly string[]): Promise<number[]> {
  const running = promisify(execFile)('espeak-ng', ['-q', '--ipa', '--sep=_', '-v', language]);
  running.child.stdin?.end(`${words.join('\n')}\n`);
  const lines = (await running).stdout.trim().split('\n');
  const vowel = /[?aeiouyɑɐɒæɔəɘɚɛɜɝɞɨɪɤɯɵøœʉʊʌɶʏ]/;
  const isVowel = (phoneme: string) => vowel.test(phoneme.normalize('NFD'));
  return lines.map((line) => Math.max(1, line.split(/[_ ]/).filter(isVowel).length));
}
