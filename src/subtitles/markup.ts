/** What one speaker says within a cue. */
export interface SpokenPart {
  readonly speaker: string | undefined;
  readonly text: string;
}

/**
 * Takes markup out of a cue's text: tags, ASS override blocks, ruby readings, entities, control characters. Speakers
 * named by `<v Name>`, `NAME:` or `[A]` come back apart; a cue in which several speak gives a part for each. Lines are
 * trimmed, blank ones left out; a cue without any text gives no part.
 * @param known labels of speakers that need not look like names
 */
export function readMarkup(text: string, format: 'srt' | 'vtt', known: readonly string[] = []): SpokenPart[] {
  const parts: { speaker: string | undefined; lines: string[] }[] = [];
  for (const voice of splitVoices(text)) {
    parts.push({ speaker: voice.speaker, lines: [] });
    for (const line of plainLines(voice.text, format)) {
      const label = readKnownLabel(line, known) ?? readLabel(line);
      if (label) parts.push({ speaker: label.speaker, lines: [] });
      const rest = label ? label.rest : line;
      if (rest !== '') parts.at(-1)!.lines.push(rest);
    }
  }
  const spoken = parts.filter((part) => part.lines.length > 0);
  return spoken.map(({ speaker, lines }) => ({ speaker, text: lines.join('\n') }));
}

const voiceTag = /<v(?:\.[^\s<>]{0,100})?[ \t]+([^<>\n]{1,200})>/g;

function splitVoices(text: string): SpokenPart[] {
  const voices: SpokenPart[] = [];
  let from = 0;
  let speaker: string | undefined;
  for (const match of text.matchAll(voiceTag)) {
    voices.push({ speaker, text: text.slice(from, match.index) });
    speaker = decodeEntities(match[1]!).trim() || undefined;
    from = match.index + match[0].length;
  }
  voices.push({ speaker, text: text.slice(from) });
  return voices;
}

// In WebVTT every `<` that is text is written `&lt;`; in SRT it may be a less-than, so only known tags are taken out.
const vttTag = /<\/?[a-zA-Z\d][^<>]{0,300}>|<\/?>/g;
const srtTag =
  /<\/?(?:i|b|u|s|em|strong|strike|font|span|p|c|v|lang|ruby|rt|rb|rp)(?:[\s.][^<>]{0,300})?\/?>|<\d[\d:.]{3,20}>/gi;
const lineBreak = /<br ?\/?>/gi;
const rubyReading = /<rt(?:\s[^<>]{0,100})?>[^<>]{0,200}<\/rt>/gi;
const overrideBlock = /\{\\[^{}]{0,300}\}/g;
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

function plainLines(text: string, format: 'srt' | 'vtt'): string[] {
  const bare = text
    .replace(lineBreak, '\n')
    .replace(rubyReading, '')
    .replace(format === 'vtt' ? vttTag : srtTag, '')
    .replace(overrideBlock, '');
  const lines = decodeEntities(bare).replace(controls, '').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  lrm: '\u200e',
  rlm: '\u200f',
};

/** Decodes the entities of WebVTT and numeric ones, once: `&amp;lt;` becomes `&lt;`. Unknown ones stay. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:([a-z]{2,4})|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (whole, name, decimal, hex) => {
    if (name) return named[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(String(hex), 16);
    const isCharacter = code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : whole;
  });
}

interface Label {
  readonly speaker: string;
  readonly rest: string;
}

const longestLabel = 32;
const labelStart = /^(?:>> ?|[-–—] ?)?/;
const capitals = /^\p{Lu}[\p{Lu}\p{M}\p{N}'’.#&-]*(?: [\p{Lu}\p{N}][\p{Lu}\p{M}\p{N}'’.#&-]*){0,3}$/u;
const bracketLabel = /^\[(\p{Lu}|(?:[Ss]peaker|SPEAKER|SPK|spk)[ _]?\d{1,3}|[^[\]]{1,30}(?=\]:))\]:?(?:\s|$)/u;
const diarized = /^(?:speaker|spk)[ _]?\d{1,3}$/i;

/** Words in capitals that stand before a colon without being anyone's name. */
const noNames = new Set(
  'NOTE,NB,PS,P.S,WARNING,CAUTION,TIP,TODO,FYI,Q.E.D,UPDATE,SOURCE,EXAMPLE,STEP,PART,CHAPTER,OK,MUSIC,SONG'.split(','),
);

/** A label that is known to be one: `0: So`, `小明: 你好`. Where some are figures, others may be, too. */
function readKnownLabel(line: string, known: readonly string[]): Label | undefined {
  if (known.length === 0) return undefined;
  const upper = line.toLocaleUpperCase('en');
  const named = known.find((label) => upper.startsWith(`${label.toLocaleUpperCase('en')}:`));
  const figures = known.some(isFigures) ? /^\d{1,3}(?=:)/.exec(line)?.[0] : undefined;
  const length = named?.toLocaleUpperCase('en').length ?? figures?.length;
  if (length === undefined || !/^(?:\s|$)/.test(line.slice(length + 1, length + 2))) return undefined;
  return { speaker: named ?? figures!, rest: line.slice(length + 1).trim() };
}

function isFigures(label: string): boolean {
  return /^\d{1,3}$/.test(label);
}

/** A speaker's name at the start of a line: `NAR: This is`, `SPEAKER_00: so`, `[A] So`. */
function readLabel(line: string): Label | undefined {
  const start = labelStart.exec(line)![0].length;
  const bracketed = bracketLabel.exec(line.slice(start, 50));
  if (bracketed) return { speaker: bracketed[1]!.trim(), rest: line.slice(start + bracketed[0].length).trim() };
  const colon = line.slice(0, start + longestLabel).indexOf(':', start);
  if (colon < 0 || !/^(?:\s|$)/.test(line.slice(colon + 1, colon + 2))) return undefined;
  const speaker = line.slice(start, colon).trim();
  const rest = line.slice(colon + 1).trim();
  if (diarized.test(speaker)) return { speaker, rest };
  return isName(speaker, rest, start > 0) ? { speaker, rest } : undefined;
}

/** In a text all in capitals a name cannot be told from a sentence, unless `>>` or a dash says that someone new speaks. */
function isName(label: string, rest: string, announced: boolean): boolean {
  const first = label.split(' ')[0]!;
  if (!capitals.test(label) || noNames.has(first)) return false;
  const shouted = rest !== '' && !/\p{Ll}/u.test(rest) && /\p{Lu}/u.test(rest);
  return !shouted || (announced && !label.includes(' '));
}
