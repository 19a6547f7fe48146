import { freeNumber, type ParsedCue } from '../../../subtitles/parse.js';
import { spokenText, startsNewVoice } from '../../../subtitles/spoken.js';

/** What one voice says within a cue. */
export interface VoicedCue extends ParsedCue {
  /** True when a dash or `>>` says that someone else begins to speak. */
  readonly newVoice: boolean;
}

/**
 * Cues apart by voice: a dash or `>>` at a line's start says that someone else speaks, whether or not a sentence has
 * ended. A cue of several voices gives one for each, its time shared by the length of what they say.
 * @returns the same cues in order, their texts as one line without marks and sound descriptions, empty ones among them
 */
export function voicesOf(cues: readonly ParsedCue[]): VoicedCue[] {
  const taken = new Set(cues.map(({ number }) => number));
  return cues.flatMap((cue) => {
    const parts = cutVoices(cue.text).map((part) => ({ newVoice: startsNewVoice(part), text: spokenText(part) }));
    const said = parts.filter(({ text }) => text !== '');
    if (said.length < 2) return [{ ...cue, ...(said[0] ?? { newVoice: false, text: '' }) }];
    const total = said.reduce((sum, { text }) => sum + text.length, 0);
    const at = (length: number) => Math.round(cue.startMs + ((cue.endMs - cue.startMs) * length) / total);
    let before = 0;
    return said.map(({ text, newVoice }, index) => {
      const startMs = at(before);
      before += text.length;
      // The name in a cue is that of whom it begins with.
      const speaker = index === 0 && said[0] === parts[0] ? cue.speaker : undefined;
      const number = index === 0 ? cue.number : freeNumber(cue.number, index + 1, taken);
      return { ...cue, number, startMs, endMs: at(before), text, newVoice, speaker };
    });
  });
}

function cutVoices(text: string): string[] {
  const parts: string[] = [];
  for (const line of text.split('\n')) {
    if (parts.length === 0 || startsNewVoice(line)) parts.push(line);
    else parts[parts.length - 1] += `\n${line}`;
  }
  return parts;
}
