// A voice that answers at once, so that the benchmark measures this tool and not an engine: a hum with the length that
// the text would take to say.
import { z } from 'zod';

const sampleRate = 24_000;
const charactersPerSecond = 15;

function hum(text) {
  const samples = Math.round((sampleRate * text.length) / charactersPerSecond);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  const pitch = 140 + (text.length % 40);
  for (let i = 0; i < samples; i++) {
    const voice =
      Math.sin((2 * Math.PI * pitch * i) / sampleRate) + 0.5 * Math.sin((2 * Math.PI * pitch * 3.1 * i) / sampleRate);
    const syllables = 0.55 + 0.45 * Math.sin((2 * Math.PI * 4.3 * i) / sampleRate);
    wav.writeInt16LE(Math.round(voice * syllables * 7000), 44 + i * 2);
  }
  return wav;
}

export default {
  kind: 'tts',
  name: 'instant',
  summary: 'a hum as long as the text, at once',
  options: z.strictObject({}),
  create: () => ({
    limits: { maxChars: 10_000, languages: 'any', concurrency: 4 },
    ready: async () => ({ ready: true, detail: 'always' }),
    fingerprint: () => ({ version: 1 }),
    voices: async () => [{ name: 'hum', languages: ['es', 'en'] }],
    synthesize: async ({ text }) => ({
      audio: hum(text),
      mediaType: 'audio/wav',
      warnings: [],
      units: [],
      requestIds: [],
    }),
  }),
};
