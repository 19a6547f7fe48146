import { hasWords } from '../../local/text.js';

/** What is said in one request, and the pause that follows before the next. */
export interface Piece {
  readonly text: string;
  /** 0 after the last piece. */
  readonly pauseMs: number;
}

/**
 * The most one request takes, in shares of a text's weight. The limit is 600, but whether of characters, of bytes of
 * UTF-8 or with Han counted twice is disputed: this stays below all of them, at 500 characters of plain Latin, 300
 * of Cyrillic, 150 of Han, kana or hangul.
 */
export const pieceBudget = 3000;

/** Han, kana and hangul, with their punctuation and full-width forms. */
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]/u;

/** What Model Studio bills (Qwen-TTS API reference): 2 for a Han character, 1 for anything else. */
export function billedCharacters(text: string): number {
  let count = 0;
  for (const character of text) count += /\p{Script=Han}/u.test(character) ? 2 : 1;
  return count;
}

/** How much of `pieceBudget` a text takes. */
export function weightOf(text: string): number {
  let weight = 0;
  for (const character of text) weight += weightOfCharacter(character);
  return weight;
}

/** Joints by how well a voice can pause there; the pauses are those of a calm reader. */
const pauses = { sentence: 400, clause: 180, word: 20, inWord: 0 } as const;
type Joint = keyof typeof pauses;
const byPreference: readonly Joint[] = ['sentence', 'clause', 'word', 'inWord'];

interface Token {
  readonly text: string;
  readonly weight: number;
  /** The joint behind it. */
  readonly joint: Joint;
}

/**
 * Splits a text for requests of at most `budget`: at the ends of sentences, failing that of clauses, failing that
 * between words, and inside a word only when it is longer than a request may be. Pieces are of about equal length.
 * @param text one line, spaces collapsed
 * @returns a single piece for a text that fits; pieces in which nothing can be said are left out
 */
export function splitText(text: string, language: string, budget: number = pieceBudget): Piece[] {
  if (weightOf(text) <= budget) return [{ text, pauseMs: 0 }];
  const pieces: { text: string; joint: Joint }[] = [];
  for (let rest = tokenize(text, language, budget); rest.length > 0; ) {
    const count = cutAfter(rest, budget);
    const piece = rest.slice(0, count);
    pieces.push({ text: textOf(piece), joint: piece.at(-1)!.joint });
    rest = rest.slice(count);
  }
  const spoken = pieces.filter((piece) => hasWords(piece.text));
  return spoken.map((piece, index) => ({
    text: piece.text,
    pauseMs: index === spoken.length - 1 ? 0 : pauses[piece.joint],
  }));
}

/** How many tokens make the next piece. */
function cutAfter(tokens: readonly Token[], budget: number): number {
  const total = sumOf(tokens);
  if (total <= budget) return tokens.length;
  const aim = total / Math.ceil(total / budget);
  let sum = 0;
  let best = { count: 1, joint: 'inWord' as Joint, distance: Infinity };
  for (const [index, token] of tokens.entries()) {
    sum += token.weight;
    if (sum > budget) break;
    // A sentence's end is not worth a request that is nearly empty.
    if (sum < aim * 0.4 && best.count > 1) continue;
    const found = { count: index + 1, joint: token.joint, distance: Math.abs(sum - aim) };
    const joint = sum < aim * 0.4 ? 'inWord' : found.joint;
    const better = byPreference.indexOf(joint) - byPreference.indexOf(best.joint);
    if (better < 0 || (better === 0 && found.distance <= best.distance)) best = { ...found, joint };
  }
  return best.count;
}

function tokenize(text: string, language: string, budget: number): Token[] {
  const words = segments(text, language, 'word').flatMap((word) =>
    weightOf(word) > budget / 4 ? segments(word, language, 'grapheme') : [word],
  );
  return words.map((word, index) => ({
    text: word,
    weight: weightOf(word),
    joint: jointBetween(words.slice(Math.max(0, index - 3), index + 1).join(''), words[index + 1] ?? ''),
  }));
}

const opening = /^[\p{Ps}\p{Pi}"'¿¡]/u;
const sentenceEnd = /([.!?…][\p{Pe}\p{Pf}"']*\s|[。！？…｡][\p{Pe}\p{Pf}"']*\s*)$/u;
const clauseEnd = /([,;:–—][\p{Pe}\p{Pf}"']*\s|[、，；：][\p{Pe}\p{Pf}"']*\s*|\s[-–—]\s)$/u;
/** Titles and the like, whose full stop ends no sentence. */
const abbreviation = /(^|[\s.(])(\p{L}|Mrs?|Ms|Dr|Prof|Sr|Sra|St|Nr|No|vs|ca|bzw|etc|Mme|Jr)\.\s$/iu;

/** @param before the last few words */
function jointBetween(before: string, after: string): Joint {
  if (/^\s/.test(after)) return 'inWord';
  if (/^[\p{P}\p{M}]/u.test(after) && !opening.test(after)) return 'inWord';
  if (sentenceEnd.test(before)) return abbreviation.test(before) ? 'inWord' : 'sentence';
  if (clauseEnd.test(before)) return 'clause';
  if (/\s$/.test(before)) return 'word';
  // Chinese and Japanese have no spaces: the segmenter's words are as good.
  return wide.test(before.slice(-1)) && wide.test(after.slice(0, 1)) ? 'word' : 'inWord';
}

function segments(text: string, language: string, granularity: 'word' | 'grapheme'): string[] {
  return [...new Intl.Segmenter(language, { granularity }).segment(text)].map(({ segment }) => segment);
}

function sumOf(tokens: readonly Token[]): number {
  return tokens.reduce((sum, { weight }) => sum + weight, 0);
}

function textOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ text }) => text)
    .join('')
    .trim();
}

function weightOfCharacter(character: string): number {
  if (wide.test(character)) return 20;
  const code = character.codePointAt(0)!;
  if (code < 0x80) return 6;
  if (code < 0x800) return 10;
  return code < 0x1_0000 ? 15 : 20;
}

/** How long a calm reader takes for a text, in milliseconds, give or take a third; digits count as letters. */
export function usualMs(text: string): number {
  let sum = 0;
  for (const character of text) sum += timeOf(character);
  return sum;
}

/**
 * The shortest recording that can be the whole text: a fifth faster than the fastest speakers; 0 for texts of a word
 * or two, of which nothing can be told.
 * @param speed 2 for speech asked for at double speed
 */
export function leastMs(text: string, speed: number): number {
  const usual = usualMs(text);
  return usual < 1200 ? 0 : (usual * 0.42) / speed;
}

function timeOf(character: string): number {
  if (/\p{Script=Han}/u.test(character)) return 190;
  if (/\p{Script=Hangul}/u.test(character)) return 180;
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return 130;
  return /[\p{L}\p{N}]/u.test(character) ? 66 : 0;
}
