import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { countUnits } from '../../src/domain/spoken/units.js';

// Phrases with numbers, units, dates, addresses, acronyms and mixed scripts, against what a person or espeak-ng says.
// WRITE_TABLE=1 writes the figures into docs/timing.md.

interface Phrase {
  readonly text: string;
  readonly said: string | undefined;
}

interface Row {
  readonly language: string;
  readonly reference: string;
  readonly phrases: number;
  readonly median: number;
  readonly p90: number;
  readonly sum: number;
}

const references: Readonly<Record<string, string>> = { ja: 'kana', zh: 'characters', ko: 'syllable blocks' };

async function readPhrases(): Promise<ReadonlyMap<string, readonly Phrase[]>> {
  const text = await readFile(new URL('../../fixtures/spoken/hard-phrases.txt', import.meta.url), 'utf8');
  const found = new Map<string, Phrase[]>();
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [language = '', phrase = '', said] = line.split('\t');
    found.set(language, [...(found.get(language) ?? []), { text: phrase, said }]);
  }
  return found;
}

async function referenceOf(language: string, phrases: readonly Phrase[]): Promise<number[]> {
  const given = phrases.map(({ text, said }) => said ?? text);
  if (language === 'zh') return given.map((text) => (text.match(/\p{Script=Han}/gu) ?? []).length);
  if (language === 'ko') return given.map((text) => (text.match(/[\uac00-\ud7a3]/g) ?? []).length);
  if (language === 'ja') {
    const small = /[ぁぃぅぇぉゃゅょァィゥェォャュョ]/g;
    return given.map((text) => text.replace(small, '').match(/[\p{Script=Hiragana}\p{Script=Katakana}ー]/gu)!.length);
  }
  return given.every((text) => /^\d+$/.test(text)) ? given.map(Number) : listen(language, given);
}

/** The syllables that espeak-ng speaks: its vowels, and the consonants it marks as syllables. */
async function listen(language: string, texts: readonly string[]): Promise<number[]> {
  const running = promisify(execFile)('espeak-ng', ['-q', '--ipa', '--sep=_', '-v', language]);
  // A mark between words would begin a line of its own.
  running.child.stdin?.end(`${texts.map((text) => text.replace(/[.,;:!?।]+(?=\s|$)/g, ' ')).join('\n')}\n`);
  const lines = (await running).stdout.trim().split('\n');
  expect(lines, language).toHaveLength(texts.length);
  const vowel = /[?aeiouyɑɐɒæɔəɘɚɛɜɝɞɨɪɤɯɵøœʉʊʌɶʏ]|\u0329/;
  return lines.map((line) => line.split(/[_ ]/).filter((phoneme) => vowel.test(phoneme.normalize('NFD'))).length);
}

function rowOf(language: string, phrases: readonly Phrase[], spoken: readonly number[]): Row {
  const counted = phrases.map(({ text }) => countUnits(text, language));
  const errors = counted.map((count, index) => Math.abs(count / spoken[index]! - 1)).sort((a, b) => a - b);
  const at = (share: number) => errors[Math.ceil(share * errors.length) - 1]!;
  const total = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
  const reference = references[language] ?? (/^\d+$/.test(phrases[0]!.said ?? '') ? 'by hand' : 'espeak-ng');
  const sum = total(counted) / total(spoken) - 1;
  return { language, reference, phrases: phrases.length, median: at(0.5), p90: at(0.9), sum };
}

async function writeTable(rows: readonly Row[]): Promise<void> {
  const percent = (share: number) => `${Math.round(100 * share) + 0} %`;
  const lines = rows.map(
    ({ language, reference, phrases, median, p90, sum }) =>
      `| ${language} | ${reference} | ${phrases} | ${percent(median)} | ${percent(p90)} | ${percent(sum)} |`,
  );
  const head = [
    '| language | reference | sentences | median off | p90 off | sum off |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  const path = new URL('../../docs/timing.md', import.meta.url);
  const page = await readFile(path, 'utf8');
  const between = /(<!-- counting -->)[\s\S]*(<!-- \/counting -->)/;
  const table = [...head, ...lines].join('\n');
  await writeFile(
    path,
    page.replace(between, (_, open, close) => `${open}\n\n${table}\n\n${close}`),
  );
}

test('sentences that are not said as they are spelled are counted as they are said', async () => {
  const rows: Row[] = [];
  for (const [language, phrases] of await readPhrases()) {
    rows.push(rowOf(language, phrases, await referenceOf(language, phrases)));
  }
  if (process.env.WRITE_TABLE) await writeTable(rows);
  for (const row of rows) {
    expect(row.median, row.language).toBeLessThanOrEqual(0.1);
    expect(row.p90, row.language).toBeLessThanOrEqual(0.2);
    expect(Math.abs(row.sum), row.language).toBeLessThanOrEqual(0.08);
  }
});
