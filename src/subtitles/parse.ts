import type { Cue } from '../domain/dub.js';
import { type CueBlock, findBlocks, isWebVtt } from './blocks.js';
import { decodeText } from './decode.js';
import { readMarkup } from './markup.js';

/** A cue as it was read. */
export interface ParsedCue extends Cue {
  /** Its own number or name in the file; the running number when the file gives none or gives one twice. Unique. */
  readonly number: string;
}

/** What a subtitle file holds. */
export interface ParsedSubtitles {
  /** Sorted by start, then end; each is longer than 0 and has text. They may overlap. */
  readonly cues: readonly ParsedCue[];
  readonly format: 'srt' | 'vtt';
  /** Sentences for people, one per kind of fault, with the first line it was found in. */
  readonly warnings: readonly string[];
}

/**
 * Reads SRT or WebVTT from a file's bytes. Forgiving: any line end, BOM, `.` or `,`, missing numbers, hours beyond 99.
 * Markup is taken out; sound descriptions stay (`spokenText` leaves them out). Every repair is said in a warning, and
 * no cue with text is left out. Bytes that are no subtitles give zero cues and a warning, never an error.
 * @param speakers labels that are known to stand before lines, in whatever letters: figures among them are labels too
 */
export function parseSubtitles(bytes: Uint8Array, speakers: readonly string[] = []): ParsedSubtitles {
  const decoded = decodeText(bytes);
  const lines = splitLines(decoded.text);
  const format = isWebVtt(lines) ? 'vtt' : 'srt';
  const faults = new Faults();
  const blocks = notBeforeZero(findBlocks(lines, format), faults);
  const read = readCues(blocks, format, speakers, faults);
  const cues = repairTimes(read, faults);
  return { cues, format, warnings: [...decoded.warnings, ...faults.warnings(), ...emptiness(bytes, blocks, cues)] };
}

/** A text without an arrow has no cue, however long it is: only its head is looked at, for the format. */
function splitLines(text: string): string[] {
  const looked = text.includes('->') ? text : text.slice(0, 1000);
  return looked.replace(/^\ufeff/, '').split(/\r{0,2}\n|\r/);
}

function notBeforeZero(blocks: readonly CueBlock[], faults: Faults): CueBlock[] {
  return blocks.map((block) => {
    if (block.startMs >= 0 && block.endMs >= 0) return block;
    faults.add('early', block.line);
    return { ...block, startMs: Math.max(0, block.startMs), endMs: Math.max(0, block.endMs) };
  });
}

interface ReadCue extends ParsedCue {
  readonly line: number;
}

function readCues(
  blocks: readonly CueBlock[],
  format: 'srt' | 'vtt',
  speakers: readonly string[],
  faults: Faults,
): ReadCue[] {
  const numbers = numberBlocks(blocks, format, faults);
  const taken = new Set(numbers);
  const cues: ReadCue[] = [];
  blocks.forEach((block, index) => {
    const parts = readMarkup(block.text, format, speakers);
    if (parts.length === 0) faults.add('empty', block.line);
    const spans = shareTime(
      block,
      parts.map((part) => part.text.length),
    );
    parts.forEach((part, at) => {
      const number = at === 0 ? numbers[index]! : freeNumber(numbers[index]!, at + 1, taken);
      cues.push({ number, line: block.line, ...spans[at]!, text: part.text, speaker: part.speaker });
    });
  });
  return cues;
}

/** The cues' own numbers when each has one and none comes twice, else the running ones. */
function numberBlocks(blocks: readonly CueBlock[], format: 'srt' | 'vtt', faults: Faults): string[] {
  const seen = new Set<string>();
  let numbered = 0;
  for (const { own, line } of blocks) {
    if (own === undefined) continue;
    numbered++;
    if (seen.has(own)) faults.add('repeated', line);
    seen.add(own);
  }
  const usable = seen.size === blocks.length;
  // In WebVTT a name is optional, so a file that names some cues is in order.
  if (format === 'srt' && numbered > 0 && numbered < blocks.length) {
    faults.add('unnumbered', blocks.find((block) => block.own === undefined)!.line);
  }
  return blocks.map((block, index) => (usable ? block.own! : String(index + 1)));
}

/** The number of a part of a cue, which no cue has yet; it is taken. */
export function freeNumber(number: string, part: number, taken: Set<string>): string {
  let candidate = `${number}-${part}`;
  while (taken.has(candidate)) candidate += '-';
  taken.add(candidate);
  return candidate;
}

/** Shares a cue's time among those who speak in it, by length of text. */
function shareTime(block: CueBlock, lengths: readonly number[]): { startMs: number; endMs: number }[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const at = (share: number) => Math.round(block.startMs + ((block.endMs - block.startMs) * share) / total);
  let before = 0;
  return lengths.map((length) => {
    const startMs = at(before);
    before += length;
    return { startMs, endMs: at(before) };
  });
}

/** Length of a cue whose own is unusable: 5/6 s, or 60 ms a character (about 17 a second) when that is longer. */
const leastLengthMs = 833;
const msPerCharacter = 60;

/** Sorts, and gives a length to cues that have none: the text must not be lost, and the start is the likelier half. */
function repairTimes(read: readonly ReadCue[], faults: Faults): ParsedCue[] {
  read.forEach((cue, index) => {
    if (index > 0 && cue.startMs < read[index - 1]!.startMs) faults.add('unsorted', cue.line);
  });
  const sorted = [...read].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  let nextStartMs = Number.POSITIVE_INFINITY;
  const repaired: ParsedCue[] = [];
  for (const { line, ...cue } of sorted.reverse()) {
    if (cue.endMs <= cue.startMs) faults.add(cue.endMs === cue.startMs ? 'zero' : 'reversed', line);
    const endMs = cue.endMs > cue.startMs ? cue.endMs : repairedEnd(cue, nextStartMs);
    repaired.push({ ...cue, endMs });
    if (cue.startMs < nextStartMs) nextStartMs = cue.startMs;
  }
  return repaired.reverse().sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

function repairedEnd(cue: ParsedCue, nextStartMs: number): number {
  const wanted = cue.startMs + Math.max(leastLengthMs, cue.text.length * msPerCharacter);
  return nextStartMs > cue.startMs ? Math.min(wanted, nextStartMs) : wanted;
}

function emptiness(bytes: Uint8Array, blocks: readonly CueBlock[], cues: readonly ParsedCue[]): string[] {
  if (cues.length > 0) return [];
  if (bytes.length === 0) return ['The file is empty.'];
  if (blocks.length > 0) return ['No cue of the file has any text.'];
  return ['No cue was found: this is not an SRT or WebVTT file.'];
}

const faultTexts = {
  empty: ['Cues without text', 'left out'],
  early: ['Cues with a time before 0', 'it is taken for 0'],
  zero: ['Cues of zero length', 'given one by their text, up to the next cue'],
  reversed: ['Cues that end before they start', 'start kept, length given by their text, up to the next cue'],
  unsorted: ['Cues earlier than the one before', 'sorted by start'],
  repeated: ['Cue numbers used before', 'cues are counted from 1 instead'],
  unnumbered: ['Cues without a number among numbered ones', 'cues are counted from 1 instead'],
} as const satisfies Record<string, readonly [string, string]>;

type Fault = keyof typeof faultTexts;

/** Counts faults by kind, so that a broken file gives a handful of warnings and not thousands. */
class Faults {
  private readonly found = new Map<Fault, { count: number; line: number }>();

  add(fault: Fault, line: number): void {
    const known = this.found.get(fault);
    if (!known) this.found.set(fault, { count: 1, line });
    else this.found.set(fault, { count: known.count + 1, line: Math.min(known.line, line) });
  }

  warnings(): string[] {
    return [...this.found].map(([fault, { count, line }]) => {
      const [what, done] = faultTexts[fault];
      return `${what}: ${count} (first: line ${line}); ${done}.`;
    });
  }
}
