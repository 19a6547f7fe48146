import type { Script, Utterance } from '../../domain/script.js';
import type { Transcript } from '../../domain/transcript.js';
import type { Writing } from '../../subtitles/sentences.js';
import { cutPassages, mergeShort, type Passage, passageText, splitLong } from './passages.js';
import { cutPieces, type LeftOut } from './pieces.js';
import { findSlots } from './slots.js';

export type { LeftOut } from './pieces.js';

/**
 * Makes utterances of a transcript: what one voice says in one go, and the time its dub may use. Cut at sentence ends,
 * pauses of 700 ms and speaker changes, 15 s at most, never between a number and its unit or inside a name; very short
 * ones are joined to a neighbour of the same speaker. Segments without words (subtitles) are joined while the sentence
 * goes on, and cut only when longer than 15 s. What is not spoken makes no utterance; see `segmentsLeftOut`.
 * @param programmeMs what lies past it is clamped
 */
export function segment(transcript: Transcript, programmeMs: number): Script {
  const { language } = transcript;
  const writing = writingOf(transcript);
  const { pieces } = cutPieces(transcript, programmeMs, writing);
  const passages = cutPassages(pieces, writing).flatMap((passage) => splitLong(passage, language));
  const merged = bySpeaker(passages).flatMap((own) => mergeShort(own, language));
  merged.sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const slots = findSlots(merged, programmeMs);
  const utterances = merged.map(
    (passage, index): Utterance => ({
      id: `u${String(index + 1).padStart(4, '0')}`,
      ...describe(passage, language),
      slot: slots[index]!,
    }),
  );
  return { language, utterances };
}

/** The segments that make no utterance: outside the programme, or without a spoken word (`[music]`). */
export function segmentsLeftOut(transcript: Transcript, programmeMs: number): readonly LeftOut[] {
  return cutPieces(transcript, programmeMs, writingOf(transcript)).leftOut;
}

function writingOf({ language, segments }: Transcript): Writing {
  return { language, cased: segments.some((one) => /\p{Lu}/u.test(one.text)) };
}

function bySpeaker(passages: readonly Passage[]): Passage[][] {
  const groups = new Map<string, Passage[]>();
  for (const passage of passages) {
    const { speaker } = passage.pieces[0]!;
    const own = groups.get(speaker);
    if (own) own.push(passage);
    else groups.set(speaker, [passage]);
  }
  return [...groups.values()];
}

function describe(passage: Passage, language: string): Omit<Utterance, 'id' | 'slot'> {
  return {
    speaker: passage.pieces[0]!.speaker,
    text: passageText(passage, language),
    startMs: passage.startMs,
    endMs: passage.endMs,
    segmentIds: [...new Set(passage.pieces.map((piece) => piece.segmentId))],
  };
}
