// Controls that move the cursor, recolour, ring or hide text, and the marks that turn its direction.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text on one line that does nothing to a terminal: a newline becomes `\n`, an escape `\x1b`. */
export function visible(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** Like `visible`, but line breaks stay; each further line is indented, so it cannot pass for one of ours. */
export function visibleLines(text: string, indent: string): string {
  return text.split('\n').map(visible).join(`\n${indent}`);
}

function escapeCharacter(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  const code = character.charCodeAt(0).toString(16);
  return short ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`);
}

// East Asian wide and full-width forms and emoji take two columns; combining marks take none.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Columns that text takes on a terminal; our own colours take none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(/\u001b\[\d+m/g, ''))
    width += wide.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1;
  return width;
}

/** Text filled up with spaces to a width. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** Words broken into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function formatSeconds(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `1 line`, `2 lines`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `0 B`, `12.3 KiB`, `4.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
