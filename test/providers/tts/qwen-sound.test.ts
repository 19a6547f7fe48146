import { describe, expect, it } from 'vitest';
import {
  durationOf,
  faultOf,
  joinChunks,
  joinSpeech,
  readSpeech,
  type Speech,
  toWave,
} from '../../../src/providers/vendors/dashscope/speech/sound.js';

const sampleRate = 24_000;

/** A tone between two silences, in milliseconds. */
function spoken(before: number, toneMs: number, after: number, rate = sampleRate): Speech {
  const [head, tone, tail] = [before, toneMs, after].map((ms) => Math.round((ms * rate) / 1000));
  const samples = new Int16Array(head! + tone! + tail!);
  for (let index = 0; index < tone!; index++) samples[head! + index] = Math.round(8000 * Math.cos(index / 4));
  return { sampleRate: rate, samples, missingBytes: 0 };
}

/** A WAV file whose header is then changed. */
function wave(speech: Speech, change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.from(toWave(speech));
  change(bytes);
  return bytes;
}

describe('readSpeech', () => {
  const speech = spoken(10, 300, 10);

  it.each([0, 0x7fff_ffff, 0x7fff_f000, 0x8000_0000, 0xffff_ffff, 2_147_483_611])(
    'takes the length from the bytes when the header says %i',
    (size) => {
      const bytes = wave(speech, (file) => {
        file.writeUInt32LE(size, 40);
        file.writeUInt32LE((size + 36) % 0x1_0000_0000, 4);
      });
      const read = readSpeech(bytes);
      expect(read).toEqual(speech);
      expect(durationOf(read!)).toBe(320);
    },
  );

  it('sees what is missing when the header can be believed', () => {
    const bytes = wave(speech).subarray(0, 5000);
    expect(readSpeech(bytes)?.missingBytes).toBe(44 + speech.samples.length * 2 - 5000);
  });

  it('leaves out what follows the sound, and skips what stands before it', () => {
    const plain = wave(speech);
    const list = Buffer.from('LIST\u0003\u0000\u0000\u0000abc\u0000', 'latin1');
    const between = Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36), list]);
    expect(readSpeech(between)).toEqual(speech);
  });

  it('averages channels', () => {
    const stereo = wave({ sampleRate, samples: Int16Array.from([100, 300, -50, -70]), missingBytes: 0 }, (file) =>
      file.writeUInt16LE(2, 22),
    );
    expect([...readSpeech(stereo)!.samples]).toEqual([200, -60]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html><body>Welcome to our gateway, friend</body></html>')],
    ['a head that breaks off', wave(spoken(0, 10, 0)).subarray(0, 30)],
    ['eight bits', wave(spoken(0, 10, 0), (file) => file.writeUInt16LE(8, 34))],
    ['another codec', wave(spoken(0, 10, 0), (file) => file.writeUInt16LE(7, 20))],
  ])('finds no speech in %s', (_, bytes) => {
    expect(readSpeech(bytes)).toBe(undefined);
  });
});

describe('joinChunks', () => {
  const speech = spoken(5, 200, 5);
  const chunked = (bytes: Uint8Array, size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );

  it.each([7, 43, 45, 1001, 100_000])('puts samples together that chunks of %i bytes cut in two', (size) => {
    expect(joinChunks(chunked(wave(speech), size))).toEqual(speech);
    expect(joinChunks(chunked(wave(speech).subarray(44), size))).toEqual(speech);
  });

  it('strips a head that speaks of its own chunk only, and heads of later chunks', () => {
    const half = speech.samples.length / 2;
    const parts = [speech.samples.subarray(0, half), speech.samples.subarray(half)];
    const heads = parts.map((samples) => wave({ sampleRate, samples, missingBytes: 0 }));
    expect(joinChunks(heads)).toEqual(speech);
  });

  it('leaves out half a sample at the end', () => {
    expect(joinChunks([Buffer.concat([wave(speech), Buffer.from([1])])])).toEqual(speech);
  });
});

describe('joinSpeech', () => {
  it('makes the silence at a joint as long as the pause, and keeps the outer ones', () => {
    const parts = [
      { speech: spoken(100, 500, 700), pauseMs: 400 },
      { speech: spoken(300, 500, 0), pauseMs: 180 },
      { speech: spoken(0, 500, 200), pauseMs: 0 },
    ];
    // 15 ms are kept around the sound on either side of a joint, where there is silence to keep.
    expect(durationOf(joinSpeech(parts))).toBe(100 + 500 + 15 + 400 + 15 + 500 + 180 + 500 + 200);
  });

  it('cuts nothing that can be heard', () => {
    const parts = [
      { speech: spoken(0, 400, 600), pauseMs: 20 },
      { speech: spoken(600, 300, 0), pauseMs: 0 },
    ];
    const loud = (samples: Int16Array) => samples.filter((sample) => Math.abs(sample) > 110).length;
    const before = parts.reduce((sum, { speech }) => sum + loud(speech.samples), 0);
    expect(loud(joinSpeech(parts).samples)).toBe(before);
  });

  it('gives a single recording back as it is', () => {
    const speech = spoken(50, 100, 900);
    expect(joinSpeech([{ speech, pauseMs: 0 }]).samples).toEqual(speech.samples);
  });
});

describe('faultOf', () => {
  it.each([
    [spoken(10, 500, 10), 400, undefined],
    [spoken(0, 0, 0), 0, 'has no sound in it'],
    [spoken(0, 0, 800), 0, 'is 800 ms of silence'],
    [spoken(0, 500, 0), 2000, 'is 500 ms long where its text takes 2000 ms at least: most of it is missing'],
    [{ ...spoken(0, 500, 0), missingBytes: 12 }, 0, 'is cut short: 12 bytes of its sound are missing'],
  ])('tells what is wrong, case %#', (speech, leastMs, fault) => {
    expect(faultOf(speech, leastMs)).toBe(fault);
  });
});
