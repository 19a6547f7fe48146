import { splitSentences } from '../../../subtitles/sentences.js';

/** Pieces of a text of at most that many characters, cut after sentences, else between words, else anywhere. */
export function splitInput(text: string, language: string, most: number): string[] {
  if (text.length <= most) return [text];
  const parts = splitSentences(text, { language, cased: /\p{Lu}/u.test(text) }).flatMap((sentence) =>
    cut(sentence, most),
  );
  const pieces: string[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    const joined = last === undefined ? part : `${last} ${part}`;
    if (last !== undefined && joined.length <= most) pieces[pieces.length - 1] = joined;
    else pieces.push(part);
  }
  return pieces;
}

function cut(sentence: string, most: number): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  while (rest.length > most) {
    const clause = Math.max(
      ...[', ', '; ', ': ', '，', '、', '；'].map((mark) => rest.lastIndexOf(mark, most - 1) + mark.trimEnd().length),
    );
    const space = rest.lastIndexOf(' ', most);
    const at = clause > most / 3 ? clause : space > 0 ? space : wholeCharacters(rest, most);
    pieces.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return [...pieces, rest].filter((piece) => piece !== '');
}

/** Never between the halves of a surrogate pair. */
function wholeCharacters(text: string, most: number): number {
  const code = text.charCodeAt(most - 1);
  return code >= 0xd800 && code <= 0xdbff ? most - 1 : most;
}
