/** Sounds that captions name in round brackets, English and the commonest of other languages. */
const sounds =
  'applause applauds applauding bark barks beep beeps beeping breathes breathing cheering cheers chuckle chuckles ' +
  'chuckling clapping claps clears cough coughs coughing cries crying exhales gasp gasps gasping giggles groan groans ' +
  'grunts hums humming inhales inaudible indistinct laugh laughs laughing laughter moans mumbles music murmurs ' +
  'panting pause screaming screams shouts sigh sighs sighing silence singing sings sneezes sniffles snores sobbing ' +
  'sobs static unintelligible whispering whispers whistles whistling ' +
  'aplausos música musica risas ríe suspira rires rire applaudissements musique soupire ' +
  'gelächter lacht lachen applaus musik seufzt risate applausi ride sospira risos aplausos смеётся смех музыка аплодисменты';
const soundWords = new Set(sounds.split(' '));

const squareBrackets = /\[[^[\]]*\]|【[^【】]*】/g;
const roundBrackets = /\([^()]*\)|（[^（）]*）/g;
const roundBracketed = /^(?:\([^()]*\)|（[^（）]*）)$/;
const note = /[♪♫♬♩]/;
const notes = /[♪♫♬♩]/g;
const sung = /[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]?/g;

/**
 * What of a cue's text is to be voiced: without `[music]`, `(laughs)`, sung lines (♪) and the dashes or `>>` that mark
 * a change of speaker. Round brackets go only when they name a known sound or fill a line without being a sentence:
 * they may also be speech.
 * @returns one line, empty when nothing is spoken
 */
export function spokenText(text: string): string {
  const whole = text.trim();
  if (roundBracketed.test(whole) && isSound(whole, 0, whole)) return '';
  const heard = withoutSong(text.replace(squareBrackets, ' ')).split('\n').map(spokenLine);
  const joined = heard.filter((line) => line !== '').join(' ');
  const collapsed = joined
    .split(/[ \t]+/)
    .join(' ')
    .trim();
  return /[\p{L}\p{N}]/u.test(collapsed) ? collapsed : '';
}

/** True when some of the text is to be voiced. */
export function isSpoken(text: string): boolean {
  return spokenText(text) !== '';
}

/** True when the text begins with a dash or `>>`: someone else begins to speak. */
export function startsNewVoice(text: string): boolean {
  return /^\s{0,9}(?:>>|[-–—](?=\s))/.test(text);
}

/**
 * Takes brackets and what stands between notes out of consecutive texts, over the borders between them.
 * @returns as many texts; those of which nothing is left are empty
 */
export function withoutUnspoken(texts: readonly string[]): string[] {
  const border = '\u0000';
  const joined = texts.map((text) => text.replaceAll(border, '')).join(border);
  const bordersOnly = (group: string) => group.replace(/[^\u0000]/g, '');
  const heard = joined.replace(squareBrackets, bordersOnly).replace(sung, bordersOnly).split(border);
  return heard.map((text) => (/^[(（]/.test(text) && !isSpoken(text) ? '' : text.trim()));
}

/** Takes out what stands between notes; a single note at a line's end means that the whole line was sung. */
function withoutSong(text: string): string {
  const marks = text.match(notes)?.length ?? 0;
  if (marks === 0) return text;
  const lines = text
    .split('\n')
    .map((line) => (marks === 1 && note.test(line.trim().slice(1).at(-1) ?? '') ? '' : line));
  return lines.join('\n').replace(sung, ' ');
}

function spokenLine(line: string): string {
  const trimmed = line.trim();
  if (/^#[^#]+#$/.test(trimmed)) return '';
  const rest = trimmed.replace(/^(?:>>+|[-–—](?=\s))\s?/, '').trim();
  return rest.replace(roundBrackets, (group, at: number) => (isSound(group, at, rest) ? ' ' : group)).trim();
}

function isSound(group: string, at: number, line: string): boolean {
  const inside = group.slice(1, -1).trim();
  const words = inside.toLowerCase().split(/[\s,]/);
  if (words.length <= 4 && words.some((word) => soundWords.has(word))) return true;
  if (group.length === line.length) return !/[.!?。！？]$/.test(inside);
  // Japanese captions name the speaker so: （田中）こんにちは
  if (group[0] === '（' && at === 0) return inside.length <= 8;
  return at === 0 && words.length <= 4 && inside.length > 1 && /^[\p{Lu}\s]+$/u.test(inside);
}
