import fc from 'fast-check';
import { parseSync, stringifySync } from 'subtitle';
import { describe, expect, it } from 'vitest';
import type { Cue } from '../../src/domain/dub.js';
import { parseSubtitles } from '../../src/subtitles/parse.js';
import { writeSrt, writeVtt } from '../../src/subtitles/write.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const bare = (cues: readonly Cue[]) => cues.map(({ startMs, endMs, text }) => ({ startMs, endMs, text }));

describe('writeSrt', () => {
  it('numbers from 1, writes LF and ends with a line end', () => {
    const cues = [
      { startMs: 0, endMs: 1500, text: 'One\r\n\r\n two ' },
      { startMs: 2000, endMs: 3000, text: ' ' },
      { startMs: 360_000_000, endMs: 360_001_002.4, text: 'a --> b <c> & d', speaker: 'Bob' },
    ];
    expect(writeSrt(cues)).toBe(
      '1\n00:00:00,000 --> 00:00:01,500\nOne\ntwo\n\n2\n100:00:00,000 --> 100:00:01,002\na → b <c> & d\n',
    );
    expect(writeSrt(cues, { speakers: true })).toContain('\nBOB: a → b');
    expect(writeSrt([])).toBe('');
  });
});

describe('writeVtt', () => {
  it('escapes text and names, and writes speakers as voices', () => {
    const cues = [{ startMs: -5, endMs: 1500, text: 'a --> b <c> & d\nNOTE x', speaker: 'Bob & <Ann>\nLee' }];
    expect(writeVtt(cues)).toBe(
      'WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\n<v Bob &amp; &lt;Ann&gt; Lee>a --&gt; b &lt;c&gt; &amp; d\nNOTE x\n',
    );
    expect(writeVtt([])).toBe('WEBVTT\n');
  });
});

const words = [
  'Hello',
  'world,',
  '40',
  '3.5',
  '¿Qué',
  'tal?',
  '你好。',
  '...',
  'a-b',
  "don't",
  '–',
  'été',
  '(so)',
  '😀',
];
const line = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((picked) => picked.join(' '));
const cueText = fc.array(line, { minLength: 1, maxLength: 2 }).map((lines) => lines.join('\n'));
const hostile = fc.array(
  fc.constantFrom('<i>', '&amp;', '&', '<', '>', '-->', '{\\an8}', 'x', ' ', '\n', '<v Bob>', '00:00:01.000', '1', 'é'),
  { minLength: 1, maxLength: 20 },
);

/** Cues sorted and not overlapping, below a day: the oracle's clock wraps there. */
function cuesOf(text: fc.Arbitrary<string>): fc.Arbitrary<Cue[]> {
  const step = fc.record({ gap: fc.nat(100_000), length: fc.integer({ min: 1, max: 9000 }), text });
  return fc.array(step, { minLength: 1, maxLength: 30 }).map((steps) => {
    let at = 0;
    return steps.map(({ gap, length, text: said }) => {
      const startMs = at + gap;
      at = startMs + length;
      return { startMs, endMs: at, text: said };
    });
  });
}

function oracleReads(file: string): Cue[] {
  return parseSync(file).flatMap((node) =>
    node.type === 'cue' ? [{ startMs: node.data.start, endMs: node.data.end, text: node.data.text }] : [],
  );
}

function oracleWrites(cues: readonly Cue[], format: 'SRT' | 'WebVTT'): string {
  const nodes = cues.map(({ startMs, endMs, text }) => ({
    type: 'cue' as const,
    data: { start: startMs, end: endMs, text },
  }));
  return stringifySync(nodes, { format });
}

describe('SRT and WebVTT against the subtitle package', () => {
  it('is read back equal by it', () => {
    fc.assert(
      fc.property(cuesOf(cueText), (cues) => {
        expect(oracleReads(writeSrt(cues))).toEqual(cues);
        expect(oracleReads(writeVtt(cues))).toEqual(cues);
      }),
    );
  });

  it('reads equal what it writes', () => {
    fc.assert(
      fc.property(cuesOf(cueText), (cues) => {
        for (const format of ['SRT', 'WebVTT'] as const) {
          const read = parseSubtitles(bytes(oracleWrites(cues, format)));
          expect(bare(read.cues)).toEqual(cues);
          expect(read.warnings).toEqual([]);
        }
      }),
    );
  });

  it('reads its own WebVTT back, whatever the text holds', () => {
    const text = hostile.map((parts) => parts.join('')).filter((joined) => !/\{\\|^$/.test(joined));
    fc.assert(
      fc.property(
        cuesOf(text),
        fc.option(fc.constantFrom('Ann', 'Bob & <Lee>'), { nil: undefined }),
        (cues, speaker) => {
          const written = cues.map((cue) => ({ ...cue, speaker }));
          const lines = (said: string) => said.split('\n').map((one) => one.trim());
          const expected = written.map((cue) => ({ ...cue, text: lines(cue.text).filter(Boolean).join('\n') }));
          const read = parseSubtitles(bytes(writeVtt(written)));
          expect(read.cues.map(({ number: _number, ...cue }) => cue)).toEqual(
            expected.filter((cue) => cue.text !== ''),
          );
        },
      ),
    );
  });

  it('reads its own SRT back with the same number of cues and times, whatever the text holds', () => {
    fc.assert(
      fc.property(cuesOf(hostile.map((parts) => `x${parts.filter((part) => part !== '<v Bob>').join('')}`)), (cues) => {
        const read = parseSubtitles(bytes(writeSrt(cues))).cues;
        expect(read.map((cue) => [cue.startMs, cue.endMs])).toEqual(cues.map((cue) => [cue.startMs, cue.endMs]));
      }),
    );
  });

  it('reads its own SRT back with speakers', () => {
    const cues = [{ startMs: 0, endMs: 900, text: 'Good evening.', speaker: 'ANN' }];
    expect(parseSubtitles(bytes(writeSrt(cues, { speakers: true }))).cues).toEqual([{ number: '1', ...cues[0] }]);
  });
});
