import { describe, expect, it } from 'vitest';
import { readWav, toMono, writeWav } from '../../src/sound/wav.js';

interface Parts {
  readonly tag?: number;
  readonly channels?: number;
  readonly bits?: number;
  readonly data: readonly number[];
  readonly dataSize?: number;
  readonly riffSize?: number;
  readonly head?: string;
  /** Chunks between `fmt ` and `data`. */
  readonly before?: readonly (readonly [string, number])[];
  readonly extensible?: boolean;
}

/** A WAV file built byte by byte, with whatever is wrong with it. */
function build(parts: Parts): Uint8Array {
  const { tag = 1, channels = 1, bits = 16, data, before = [], extensible = false } = parts;
  const bytes: number[] = [];
  const text = (word: string) => bytes.push(...new TextEncoder().encode(word));
  const u16 = (value: number) => bytes.push(value & 255, (value >> 8) & 255);
  const u32 = (value: number) =>
    bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255);
  text(parts.head ?? 'RIFF');
  u32(parts.riffSize ?? 0);
  text('WAVE');
  text('fmt ');
  u32(extensible ? 40 : 16);
  u16(extensible ? 0xfffe : tag);
  u16(channels);
  u32(24_000);
  u32(24_000 * channels * (bits / 8));
  u16(channels * (bits / 8));
  u16(bits);
  if (extensible) {
    u16(22);
    u16(bits);
    u32(4);
    u16(tag);
    bytes.push(0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71);
  }
  for (const [name, size] of before) {
    text(name);
    u32(size);
    bytes.push(...Array.from({ length: size + (size % 2) }, () => 7));
  }
  text('data');
  u32(parts.dataSize ?? data.length);
  bytes.push(...data);
  return Uint8Array.from(bytes);
}

const threeSamples = [0x00, 0x40, 0x00, 0xc0, 0x01, 0x00];

describe('reading WAV', () => {
  it('gives back what was written', () => {
    const samples = Int16Array.from({ length: 2000 }, (_, i) => i * 32 - 32_000);
    const wav = readWav(writeWav(samples, 22_050, 2));
    expect(wav).toMatchObject({ sampleRate: 22_050, channels: 2, warnings: [] });
    expect(Int16Array.from(wav!.samples, (sample) => sample * 32_768)).toEqual(samples);
  });

  it.each([
    ['8-bit', { bits: 8, data: [0, 128, 192] }, [-1, 0, 0.5]],
    ['16-bit', { bits: 16, data: threeSamples }, [0.5, -0.5, 1 / 32_768]],
    ['24-bit', { bits: 24, data: [0, 0, 0x40, 0, 0, 0xc0, 1, 0, 0] }, [0.5, -0.5, 1 / 8_388_608]],
    ['32-bit', { bits: 32, data: [0, 0, 0, 0x40, 0, 0, 0, 0xc0] }, [0.5, -0.5]],
    [
      'float',
      { tag: 3, bits: 32, data: [...new Uint8Array(Float32Array.of(0.25, -1.5, Number.NaN).buffer)] },
      [0.25, -1.5, 0],
    ],
    ['double', { tag: 3, bits: 64, data: [...new Uint8Array(Float64Array.of(0.25, -0.125).buffer)] }, [0.25, -0.125]],
    ['extensible', { extensible: true, data: threeSamples }, [0.5, -0.5, 1 / 32_768]],
    [
      'RF64',
      { head: 'RF64', data: threeSamples, dataSize: 0xffffffff, before: [['ds64', 28]] },
      [0.5, -0.5, 1 / 32_768],
    ],
  ] satisfies [string, Parts, number[]][])('reads %s samples', (_name, parts, expected) => {
    expect([...readWav(build(parts))!.samples]).toEqual(expected);
  });

  it.each([0xffffffff, 0x7fffffff, 0x7ffff000, 2_000_000_000, 0])(
    'reads to the end of a streamed file of %i bytes',
    (dataSize) => {
      const wav = readWav(build({ data: threeSamples, dataSize, riffSize: 0xffffffff }));
      expect(wav!.samples).toHaveLength(3);
      expect(wav!.warnings).toEqual([`the header announces ${dataSize} bytes of sound, 6 are there`]);
    },
  );

  it('finds the sound behind a LIST chunk of odd size', () => {
    const before = [['LIST', 27] as const, ['fact', 4] as const];
    expect(readWav(build({ data: threeSamples, before }))!.samples).toHaveLength(3);
  });

  it('leaves out what follows the sound', () => {
    const bytes = build({
      data: [...threeSamples, ...new TextEncoder().encode('LIST'), 2, 0, 0, 0, 1, 2],
      dataSize: 6,
    });
    expect(readWav(bytes)).toMatchObject({ warnings: [], samples: { length: 3 } });
  });

  it('drops half a sample at the end and says so', () => {
    const wav = readWav(build({ channels: 2, data: [...threeSamples, 9], dataSize: 400 }));
    expect(wav!.samples).toHaveLength(2);
    expect(wav!.warnings).toContain('the sound ends in the middle of a sample');
  });

  it('reads bytes that lie within a larger buffer', () => {
    const file = writeWav(Int16Array.of(1, 2, 3), 8000, 1);
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 3);
    expect(readWav(larger.subarray(3, 3 + file.length))!.samples).toHaveLength(3);
  });

  it.each([
    ['an error page', new TextEncoder().encode('{"error":"quota"}')],
    ['nothing', new Uint8Array(0)],
    ['a RIFF file of another kind', new TextEncoder().encode('RIFF\0\0\0\0AVI LIST')],
    ['µ-law', build({ tag: 7, bits: 8, data: [1, 2] })],
    ['12 channels of nothing', build({ channels: 0, data: [1, 2] })],
    ['a header alone', build({ data: [] }).subarray(0, 36)],
    ['a header cut short', build({ data: [] }).subarray(0, 24)],
  ])('gives undefined for %s', (_name, bytes) => {
    expect(readWav(bytes)).toBeUndefined();
  });
});

describe('mixing to mono', () => {
  it('takes the mean of the channels', () => {
    expect([...toMono({ channels: 2, samples: Float32Array.of(1, 0, -0.5, 0.25) })]).toEqual([0.5, -0.125]);
  });
});
