// A voice that says everything by one steady tone, as long as the text would take: no two lines can be told apart.
import { z } from 'zod';
import { wavBytes } from './wav-bytes.js';

const sampleRate = 24_000;

function tone(text) {
  const samples = Math.round((sampleRate * text.length) / 15);
  return wavBytes(samples, sampleRate, (i) => 9000 * Math.sin((2 * Math.PI * 440 * i) / sampleRate));
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
