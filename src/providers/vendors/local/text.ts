/**
 * Text as a speech engine takes it: one line, without control and invisible characters, and without `[[`, which
 * espeak-ng, say and piper would read as phonemes or commands.
 */
export function speakable(text: string): string {
  return oneLine(text)
    .replace(/\[(?=\[)/g, '[ ')
    .replace(/\](?=\])/g, '] ');
}

/**
 * One line without control characters: line breaks and tabs become spaces, zero-width marks, byte-order marks,
 * direction marks and lone surrogates go. Joiners stay: emoji and Indic scripts need them.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]/g, ' ')
    .replace(/[\p{Cc}\p{Cs}\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** True when there is something in the text that can be said: a letter, a digit, a symbol with a name. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]|\p{Extended_Pictographic}|[+=%&@$€£¥°]/u.test(text);
}
