import type { Subtitles } from '../domain/dub.js';
import type { Script, Translation } from '../domain/script.js';
import type { Timeline } from '../domain/timeline.js';
import { type DubLine, layOutCues } from '../subtitles/lay-out.js';

/**
 * The dub's subtitles in the target language, timed to what is heard. A line that is translated but not voiced is shown
 * at the time of its source, so that it can at least be read; a line without a translation gets no cue.
 * @param frameMs length of one video frame
 */
export function subtitle(script: Script, translation: Translation, timeline: Timeline, frameMs: number): Subtitles {
  const { language } = translation;
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  const placements = new Map(timeline.placements.map((placement) => [placement.utteranceId, placement]));
  const lines = script.utterances.flatMap(({ id, speaker, startMs, endMs }): DubLine[] => {
    const text = texts.get(id);
    if (text === undefined) return [];
    const placed = placements.get(id);
    const span = placed ? { startMs: placed.startMs, endMs: placed.startMs + placed.durationMs } : { startMs, endMs };
    return [{ utteranceId: id, text, speaker, ...span }];
  });
  return { language, cues: layOutCues(lines, { language, frameMs, programmeMs: timeline.programmeMs }) };
}
