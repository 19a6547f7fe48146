import { describe, expect, test } from 'vitest';
import { checkSpeech, readWave } from '../../../../src/providers/vendors/local/wave.js';

function wave(
  samples: readonly number[],
  more: { bits?: number; format?: number; claims?: number; chunk?: string } = {},
): Buffer {
  const data = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) data.writeInt16LE(sample, index * 2);
  const extra = more.chunk === undefined ? Buffer.alloc(0) : Buffer.from(more.chunk);
  const head = Buffer.alloc(20 + 16);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + extra.length + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(more.format ?? 1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(1000, 24);
  head.writeUInt32LE(2000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(more.bits ?? 16, 34);
  const dataHead = Buffer.alloc(8);
  dataHead.write('data', 0);
  dataHead.writeUInt32LE(more.claims ?? data.length, 4);
  return Buffer.concat([head, extra, dataHead, data]);
}

const tone = Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? 1000 : -2000));

describe('a WAV file of an engine', () => {
  test('is measured', () => {
    expect(readWave(wave(tone), 'x')).toEqual({ sampleRate: 1000, channels: 1, durationMs: 500, peak: 2000 });
  });

  test('may hold other chunks before the sound, of odd length too', () => {
    expect(readWave(wave(tone, { chunk: 'LIST\u0003\u0000\u0000\u0000abc\u0000' }), 'x').durationMs).toBe(500);
  });

  test('may be of the extensible kind', () => {
    expect(readWave(wave(tone, { format: 0xfffe }), 'x').durationMs).toBe(500);
  });

  test.each([
    ['nothing at all', Buffer.alloc(0), 'x wrote an empty sound file.'],
    ['something else', Buffer.from('ID3 this is an MP3 file'), 'What x wrote is no WAV file.'],
    ['half a header', wave(tone).subarray(0, 30), 'The WAV file of x breaks off in its header.'],
    ['8 bits', wave(tone, { bits: 8 }), 'The WAV file of x is not 16-bit PCM (format 1, 8 bits).'],
    ['floats', wave(tone, { format: 3 }), 'The WAV file of x is not 16-bit PCM (format 3, 16 bits).'],
    [
      'less than it claims',
      wave(tone).subarray(0, 200),
      'The WAV file of x is cut short: 156 of 1000 bytes are there.',
    ],
    [
      'the header of a stream',
      wave(tone, { claims: 0x7ffff000 }),
      'The WAV file of x is cut short: 1000 of 2147479552 bytes are there.',
    ],
  ])('is an error with %s', (_, bytes, message) => {
    expect(() => readWave(bytes, 'x')).toThrow(expect.objectContaining({ code: 'PROVIDER_BAD_REPLY', message }));
  });
});

describe('speech of an engine', () => {
  test.each([
    ['no file', undefined, 'hello', 'x ended well but wrote no sound file.'],
    ['no sound', wave([]), 'hello', 'x wrote a sound file without any sound in it.'],
    ['silence', wave(Array.from({ length: 700 }, () => 5)), 'hello', 'x wrote 700 ms of silence.'],
    [
      'the last word only',
      wave(tone.slice(0, 100)),
      'a long sentence of many words',
      'x wrote only 100 ms of sound for 24 letters: most of it is missing.',
    ],
  ])('is an error with %s', (_, bytes, text, message) => {
    expect(() => checkSpeech(bytes, text, 'x')).toThrow(
      expect.objectContaining({ code: 'PROVIDER_BAD_REPLY', message }),
    );
  });

  test('may be very short for a short text', () => {
    expect(checkSpeech(wave(tone.slice(0, 60)), 'Oh!', 'x').durationMs).toBe(60);
  });
});
