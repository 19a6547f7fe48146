import { isUnspaced, primaryLanguage } from '../domain/language.js';
import { isAbbreviation } from './abbreviations.js';

/** How a text is written. */
export interface Writing {
  /** BCP 47. */
  readonly language: string;
  /** False for text without any capitals, as some recognisers give it: then a small letter tells nothing. */
  readonly cased: boolean;
}

const closers = new Set('"\'”’»›)]}」』）】〉》〕］｝');
const openers = new Set('"\'“‘„‚«‹([{「『（【〈《〔［｛¿¡');
const fullStops = new Set('。！？｡．');
const marks = new Set('!?‽؟।॥։۔።');

/**
 * True when a sentence ends with `text`: at a stop, over closing quotes and brackets. Stops of abbreviations, initials,
 * ordinals and numbers are none, nor is a stop before a small letter.
 * @param next what follows, undefined at the end of everything
 */
export function endsSentence(text: string, next: string | undefined, writing: Writing): boolean {
  const bare = withoutClosers(text);
  const last = bare.at(-1);
  if (last === undefined) return false;
  const follows = next === undefined ? '' : withoutOpeners(next);
  if (fullStops.has(last)) return !(bare.length < text.trimEnd().length && follows.startsWith('と'));
  if (!isStop(last, bare, writing.language)) return false;
  if (follows === '') return true;
  if (last === '…' && isUnspaced(writing.language)) return true;
  if (writing.cased && /^\p{Ll}/u.test(follows)) return false;
  return last !== '.' || bare.endsWith('..') || !isAbbreviation(lastWord(bare), follows, writing.language);
}

function isStop(last: string, bare: string, language: string): boolean {
  if (last === '.' || last === '…' || marks.has(last)) return true;
  return primaryLanguage(language) === 'el' && bare.endsWith(';');
}

/** Cuts a text after each sentence. The pieces joined give the text again but for the spaces between them. */
export function splitSentences(text: string, writing: Writing): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (let at = 1; at < text.length; at++) {
    if (!mayEndAt(text, at)) continue;
    const next = text.slice(at, at + 40).trimStart();
    if (next === '' || !endsSentence(text.slice(Math.max(start, at - 40), at), next, writing)) continue;
    const sentence = text.slice(start, at).trim();
    if (sentence !== '') sentences.push(sentence);
    start = at;
  }
  const rest = text.slice(start).trim();
  return rest === '' ? sentences : [...sentences, rest];
}

/** A sentence may end before a space that follows a stop, and after a full-width stop with its closing brackets. */
function mayEndAt(text: string, at: number): boolean {
  const next = text[at]!;
  if (closers.has(next) || fullStops.has(next) || next === '…') return false;
  if (/\s/.test(next)) return !/\s/.test(text[at - 1]!);
  let before = at - 1;
  while (before > 0 && closers.has(text[before]!)) before--;
  return fullStops.has(text[before]!) || text[before] === '…';
}

function withoutClosers(text: string): string {
  let end = text.length;
  while (end > 0 && (closers.has(text[end - 1]!) || /\s/.test(text[end - 1]!))) end--;
  return text.slice(0, end);
}

/** The text without the quotes and brackets it opens with. */
export function withoutOpeners(text: string): string {
  let start = 0;
  while (start < text.length && (openers.has(text[start]!) || /\s/.test(text[start]!))) start++;
  return text.slice(start);
}

function lastWord(bare: string): string {
  let start = bare.length - 1;
  while (start > 0 && !/\s/.test(bare[start - 1]!)) start--;
  return withoutOpeners(bare.slice(start, -1));
}
