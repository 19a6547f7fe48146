// A voice that answers at once, so that the benchmark measures this tool and not an engine: a hum with the length that
// the text would take to say.
import { z } from 'zod';
import { wavBytes } from '../support/wav-bytes.js';

const sampleRate = 24_000;
const charactersPerSecond = 15;

function hum(text) {
  const samples = Math.round((sampleRate * text.length) / charactersPerSecond);
  const pitch = 140 + (text.length % 40);
  return wavBytes(samples, sampleRate, (i) => {
    const voice =
      Math.sin((2 * Math.PI * pitch * i) / sampleRate) + 0.5 * Math.sin((2 * Math.PI * pitch * 3.1 * i) / sampleRate);
    const syllables = 0.55 + 0.45 * Math.sin((2 * Math.PI * 4.3 * i) / sampleRate);
    return voice * syllables * 7000;
  });
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
