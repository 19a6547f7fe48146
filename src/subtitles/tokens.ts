import { countGraphemes, splitGraphemes } from './graphemes.js';
import { breakPenalty, neverBreak } from './phrases.js';

/** A stretch of text that stays on one line. */
export interface Token {
  readonly text: string;
  /** Characters as a reader counts them. */
  readonly length: number;
  /** True when a space stands before it. */
  readonly spaced: boolean;
  /** How badly a break before it reads; see `breakPenalty`. */
  readonly penalty: number;
}

const han = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const southEast = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** JIS X 4051 (kinsoku): what may not begin a line, and what may not end one. */
const noLineStart = new Set(
  '、。，．・：；？！ー…‥々〻ゝゞヽヾ）〕］｝〉》」』】〙〗〟’”»％℃,.!?:;)]}%‰〜～—–' +
    'ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ',
);
const noLineEnd = new Set('（〔［｛〈《「『【〘〖〝‘“«([{＄￥￡$¥£#№');

/**
 * Cuts a text where a line may be broken: between words; in Chinese and Japanese between characters, by kinsoku and
 * better between words than within; in Thai, Lao, Khmer and Burmese between words. Longer words than a line are cut.
 */
export function tokenize(text: string, language: string, charsPerLine: number): Token[] {
  const tokens: Token[] = [];
  let before = '';
  for (const chunk of text.split(/\s/).filter((part) => part !== '')) {
    const pieces = chunkPieces(chunk, language, charsPerLine);
    pieces.forEach((piece, index) => {
      const penalty = index > 0 ? piece.penalty : before === '' ? 0 : breakPenalty(before, chunk, language);
      tokens.push({ ...piece, length: countGraphemes(piece.text), spaced: index === 0 && before !== '', penalty });
    });
    before = chunk;
  }
  return tokens;
}

interface Piece {
  readonly text: string;
  readonly penalty: number;
}

/** Between the words of a language that writes none apart. */
const wordPenalty = 50;
/** Inside a word: better a badly broken line than this. */
const insidePenalty = 300;

function chunkPieces(chunk: string, language: string, charsPerLine: number): Piece[] {
  const pieces = han.test(chunk)
    ? characterPieces(chunk, language)
    : southEast.test(chunk)
      ? wordPieces(chunk, language)
      : [{ text: chunk, penalty: 0 }];
  return pieces.flatMap((piece) => cutLong(piece, charsPerLine));
}

function cutLong(piece: Piece, charsPerLine: number): Piece[] {
  const graphemes = splitGraphemes(piece.text);
  if (graphemes.length <= charsPerLine) return [piece];
  const cut: Piece[] = [];
  for (let at = 0; at < graphemes.length; at += charsPerLine) {
    const text = graphemes.slice(at, at + charsPerLine).join('');
    cut.push({ text, penalty: at === 0 ? piece.penalty : insidePenalty });
  }
  return cut;
}

function wordPieces(chunk: string, language: string): Piece[] {
  const words = new Intl.Segmenter(language, { granularity: 'word' }).segment(chunk);
  const pieces: Piece[] = [];
  for (const { segment } of words) {
    const attached = /^\p{P}/u.test(segment) && pieces.length > 0;
    if (attached) pieces.push({ text: pieces.pop()!.text + segment, penalty: pieces.length === 0 ? 0 : wordPenalty });
    else pieces.push({ text: segment, penalty: wordPenalty });
  }
  return pieces;
}

/** Han and kana one by one, runs of other letters and digits whole. */
function characterPieces(chunk: string, language: string): Piece[] {
  const wordStarts = new Set<number>();
  for (const { index } of new Intl.Segmenter(language, { granularity: 'word' }).segment(chunk)) wordStarts.add(index);
  const pieces: Piece[] = [];
  let at = 0;
  for (const grapheme of splitGraphemes(chunk)) {
    const last = pieces.at(-1);
    if (last && isRun(last.text) && isRun(grapheme)) {
      pieces[pieces.length - 1] = { text: last.text + grapheme, penalty: last.penalty };
    } else {
      pieces.push({
        text: grapheme,
        penalty: last ? characterPenalty(last.text, chunk.slice(at, at + 4), wordStarts.has(at)) : 0,
      });
    }
    at += grapheme.length;
  }
  return pieces;
}

function isRun(text: string): boolean {
  const code = text.codePointAt(0)!;
  return code < 0x2e80 && !noLineEnd.has(text) && /[\p{L}\p{N}.,'’%:/&@+-]/u.test(text[0]!);
}

const hiragana = /^\p{Script=Hiragana}/u;

function characterPenalty(left: string, right: string, wordStarts: boolean): number {
  const last = left.at(-1)!;
  const first = right[0]!;
  if (noLineStart.has(first) || noLineEnd.has(last)) return neverBreak;
  if (/[。！？｡]/.test(last)) return 0;
  if (/[、，；：]/.test(last)) return 10;
  if (/[」』）】》〉]/.test(last) || /[「『（【《〈]/.test(first)) return 20;
  // The word alone decides nothing in `10公里`: the number ends a word.
  if (breakPenalty(left, right, 'und') >= neverBreak) return neverBreak;
  if (!wordStarts) return insidePenalty;
  // A Japanese phrase is a word and the particles or endings after it, which are hiragana.
  if (hiragana.test(first)) return 90;
  return hiragana.test(last) ? 30 : wordPenalty;
}
