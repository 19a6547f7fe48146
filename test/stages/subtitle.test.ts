import { describe, expect, it } from 'vitest';
import type { Script, Translation } from '../../src/domain/script.js';
import type { Timeline } from '../../src/domain/timeline.js';
import { subtitle } from '../../src/stages/subtitle.js';

const utterance = (id: string, startMs: number, endMs: number, speaker: string) => ({
  id,
  startMs,
  endMs,
  speaker,
  text: 'source',
  slot: { startMs, endMs },
  segmentIds: [id],
});
const script: Script = {
  language: 'en',
  utterances: [
    utterance('u0001', 1000, 2500, 'A'),
    utterance('u0002', 4000, 6000, 'B'),
    utterance('u0003', 8000, 9000, 'A'),
  ],
};
const timeline: Timeline = {
  programmeMs: 10_000,
  placements: [{ utteranceId: 'u0001', startMs: 1200, durationMs: 1500, tempo: 1 }],
  overflows: [],
  cost: 0,
};
const translation: Translation = {
  language: 'es',
  provider: 'subtitles',
  lines: [
    { utteranceId: 'u0002', text: 'Aquí tienes dos.' },
    { utteranceId: 'u0001', text: 'Uno.' },
  ],
  failures: [{ utteranceId: 'u0003', stage: 'translate', code: 'PROVIDER_REFUSED', message: 'refused' }],
};

describe('subtitle', () => {
  it('times voiced lines by the dub, unvoiced ones by the source, and shows no line without a translation', () => {
    expect(subtitle(script, translation, timeline, { frameMs: 40 })).toEqual({
      language: 'es',
      cues: [
        { startMs: 1200, endMs: 2700, text: 'Uno.', speaker: 'A' },
        { startMs: 4000, endMs: 6000, text: 'Aquí tienes dos.', speaker: 'B' },
      ],
    });
  });

  it('gives no cues for no lines', () => {
    expect(subtitle(script, { ...translation, lines: [] }, timeline, { frameMs: 40 }).cues).toEqual([]);
  });
});
