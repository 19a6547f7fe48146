import type { ParsedCue } from '../../subtitles/parse.js';

/** A name that a person put before a line. Where one is read depends on what stood there, not on how it looks. */
const prefix = /^([^:：\n]{1,40}?)[:：]\s*/;

/**
 * Names that a person has put before lines in `script.srt`: one that was added to words that are the same is a speaker's,
 * and then wherever else it stands before a line.
 * @param before the cues as they were written, their speakers told
 */
export function readAddedSpeakers(now: readonly ParsedCue[], before: readonly ParsedCue[]): ParsedCue[] {
  const earlier = new Map(before.map((cue) => [cue.startMs, plain(cue.text)]));
  const added = new Set<string>();
  for (const cue of now) {
    const found = prefixOf(cue);
    if (found !== undefined && plain(found.rest) === earlier.get(cue.startMs)) added.add(found.name);
  }
  return now.map((cue) => {
    const found = prefixOf(cue);
    return found !== undefined && added.has(found.name) ? { ...cue, speaker: found.name, text: found.rest } : cue;
  });
}

function prefixOf({ text, speaker }: ParsedCue): { readonly name: string; readonly rest: string } | undefined {
  const found = speaker === undefined ? prefix.exec(text) : null;
  return found === null ? undefined : { name: found[1]!.trim(), rest: text.slice(found[0].length) };
}

function plain(text: string): string {
  return text.split(/\s+/).join(' ').trim();
}
