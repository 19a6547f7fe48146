// A voice that says everything by one steady tone, as long as the text would take: no two lines can be told apart.
import { z } from 'zod';

const sampleRate = 24_000;

function tone(text) {
  const samples = Math.round((sampleRate * text.length) / 15);
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
  for (let i = 0; i < samples; i++)
    wav.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * 440 * i) / sampleRate)), 44 + i * 2);
  return wav;
}

export default {
  kind: 'tts',
  name: 'tone',
  summary: 'one tone for everything',
  options: z.strictObject({}),
  create: () => ({
    limits: { maxChars: 10_000, languages: 'any', concurrency: 4 },
    ready: async () => ({ ready: true, detail: 'always' }),
    fingerprint: () => ({ version: 1 }),
    voices: async () => [{ name: 'tone', languages: ['es'] }],
    synthesize: async ({ text }) => ({
      audio: tone(text),
      mediaType: 'audio/wav',
      warnings: [],
      units: [],
      requestIds: [],
    }),
  }),
};
