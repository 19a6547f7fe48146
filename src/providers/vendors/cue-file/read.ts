import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DubError } from '../../../errors.js';
import { parseSubtitles } from '../../../subtitles/parse.js';
import { readRecurringNames } from '../../../subtitles/recurring-names.js';
import { voicesOf } from './voices.js';

/** One cue of which something is spoken. */
export interface SpokenCue {
  /** Its number in the file; unique. */
  readonly number: string;
  readonly startMs: number;
  readonly endMs: number;
  /** One line, without sound descriptions. */
  readonly text: string;
  readonly speaker?: string | undefined;
  /** True when a dash or `>>` says that someone else begins to speak. */
  readonly newVoice: boolean;
}

/** What of a subtitle file is to be voiced, by start. */
export interface SpokenCues {
  readonly cues: readonly SpokenCue[];
  readonly warnings: readonly string[];
}

/** Three hours of dense subtitles are 0.4 MB; this is no subtitle file any more. */
const maxBytes = 32 * 1024 * 1024;

/**
 * Reads an SRT or WebVTT file.
 * @throws INPUT_UNREADABLE when it is not there, is too large or holds no cue
 */
export async function readCueFile(path: string): Promise<SpokenCues> {
  return spokenCues(await readBytes(path), basename(path));
}

/**
 * The spoken cues of a subtitle file's bytes.
 * @param name what messages call it
 * @throws INPUT_UNREADABLE when it holds no cue
 */
export function spokenCues(bytes: Uint8Array, name: string): SpokenCues {
  const { cues, warnings } = parseSubtitles(bytes);
  if (cues.length === 0) {
    throw new DubError('INPUT_UNREADABLE', `${name} holds no subtitles. ${warnings.join(' ')}`.trim(), {
      hint: 'It must be an SRT or WebVTT file with at least one cue that has text.',
    });
  }
  const read = voicesOf(readRecurringNames(cues));
  const silent = read.filter((cue) => cue.text === '').map((cue) => cue.number);
  const left = `${name}: cues that only describe sounds are not voiced: ${someOf(silent)}.`;
  return {
    cues: read.filter((cue) => cue.text !== ''),
    warnings: [...warnings.map((warning) => `${name}: ${warning}`), ...(silent.length > 0 ? [left] : [])],
  };
}

/** A few names of a list, and how many more there are. */
export function someOf(names: readonly string[], shown = 10): string {
  const more = names.length - shown;
  return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`its ${size} bytes are too many for subtitles`);
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DubError('INPUT_UNREADABLE', `The subtitle file ${path} cannot be read (${reason}).`, {
      hint: 'Check the path; it must be an SRT or WebVTT file.',
      cause,
    });
  }
}
