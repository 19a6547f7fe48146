import { describe, expect, it } from 'vitest';
import { pairPieces } from '../../src/subtitles/bilingual.js';
import { layOutCues } from '../../src/subtitles/lay-out.js';
import { readingLimits } from '../../src/subtitles/limits.js';
import { lintCues } from '../../src/subtitles/lint.js';

const said = (text: string, language: string) => ({ text, language, limits: readingLimits(language) });
const spanish = 'Difiere de casi todas las artes y los oficios que se muestran en la Exposición, si no de todas.';
const english = 'It differs from most if not from all the arts and crafts represented in the Exhibition.';

describe('pairPieces', () => {
  it('gives as many pairs as the longer text needs, all words in order and no line too long', () => {
    const pairs = pairPieces(said(spanish, 'es'), said(english, 'en'));
    expect(pairs).toEqual([
      ['Difiere de casi todas las artes', 'It differs from most'],
      ['y los oficios que se muestran', 'if not from all the arts'],
      ['en la Exposición, si no de todas.', 'and crafts represented in the Exhibition.'],
    ]);
  });

  it('breaks a language without spaces by its own rules and lengths', () => {
    const pairs = pairPieces(said('它与展览会上展出的大多数艺术和手工艺都不同。', 'zh'), said(english, 'en'));
    expect(pairs.map(([upper]) => upper).join('')).toBe('它与展览会上展出的大多数艺术和手工艺都不同。');
    expect(pairs.map(([, lower]) => lower).join(' ')).toBe(english);
    for (const [upper, lower] of pairs) {
      expect(upper.length).toBeLessThanOrEqual(16);
      expect(lower.length).toBeLessThanOrEqual(42);
    }
  });

  it('leaves lines empty where a text has fewer words than there are pairs', () => {
    expect(pairPieces(said('Sí.', 'es'), said(english, 'en')).map(([upper]) => upper)).toEqual(['Sí.', '', '']);
    expect(pairPieces(said('', 'es'), said('', 'en'))).toEqual([]);
  });
});

describe('layOutCues with the source below', () => {
  const lines = [
    { utteranceId: 'u1', text: spanish, speaker: 'A', startMs: 1000, endMs: 7000 },
    { utteranceId: 'u2', text: 'Claro.', speaker: 'B', startMs: 7100, endMs: 7600 },
  ];
  const below = {
    language: 'en',
    texts: new Map([
      ['u1', english],
      ['u2', 'Of course.'],
    ]),
  };

  it('puts the dub above and the source below, in time with the dub', () => {
    const cues = layOutCues(lines, { language: 'es', frameMs: 40, below });
    expect(cues.map((cue) => cue.text)).toEqual([
      'Difiere de casi todas las artes\nIt differs from most',
      'y los oficios que se muestran\nif not from all the arts',
      'en la Exposición, si no de todas.\nand crafts represented in the Exhibition.',
      'Claro.\nOf course.',
    ]);
    expect(cues[0]!.startMs).toBe(1000);
    expect(cues[3]!.startMs).toBe(7100);
    const layout = lintCues(cues, { language: 'es', frameMs: 40, limits: { maxCps: 40 } });
    expect(layout).toEqual([]);
  });
});
