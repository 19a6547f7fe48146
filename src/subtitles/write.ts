import type { Cue } from '../domain/dub.js';
import { formatSrtTime, formatVttTime } from './clock.js';

/** How SRT is written. */
export interface SrtOptions {
  /** Puts `NAME: ` before the text of cues that have a speaker; SRT has no other way to say it. Default false. */
  readonly speakers?: boolean;
}

/**
 * Writes SRT: UTF-8 text, LF line ends, numbered from 1 in the order given, ends with a line end. Cues without text are
 * left out. SRT has no escapes: `&` and `<` stay as they are.
 * @returns an empty string for no cues
 */
export function writeSrt(cues: readonly Cue[], options: SrtOptions = {}): string {
  const blocks = withText(cues).map(({ cue, lines }, index) => {
    const name = options.speakers && cue.speaker ? `${cue.speaker.toLocaleUpperCase('en')}: ` : '';
    const text = name + lines.map(withoutArrow).join('\n');
    return `${index + 1}\n${formatSrtTime(cue.startMs)} --> ${formatSrtTime(cue.endMs)}\n${text}\n`;
  });
  return blocks.join('\n');
}

/**
 * Writes WebVTT: LF line ends, numbered from 1 in the order given, `&`, `<` and `>` escaped, a cue's speaker as
 * `<v Name>`. Cues without text are left out.
 */
export function writeVtt(cues: readonly Cue[]): string {
  const blocks = withText(cues).map(({ cue, lines }, index) => {
    const voice = cue.speaker ? `<v ${escapeVtt(cue.speaker).split(/\s+/).join(' ').trim()}>` : '';
    const text = voice + lines.map(escapeVtt).join('\n');
    return `${index + 1}\n${formatVttTime(cue.startMs)} --> ${formatVttTime(cue.endMs)}\n${text}\n`;
  });
  return ['WEBVTT\n', ...blocks].join('\n');
}

interface CueLines {
  readonly cue: Cue;
  readonly lines: readonly string[];
}

/** A blank line would end the cue in either format, so none is written. */
function withText(cues: readonly Cue[]): CueLines[] {
  const split = cues.map((cue) => ({
    cue,
    lines: cue.text
      .split(/[\r\n\u2028\u2029]/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  }));
  return split.filter(({ lines }) => lines.length > 0);
}

/** A line with `-->` in it would be taken for times. */
function withoutArrow(line: string): string {
  return line.replaceAll('-->', '→');
}

function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
