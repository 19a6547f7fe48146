import { speakAloud, toWave } from '../dashscope/speech.js';
import { withTone } from './tones.js';

/** What comes instead of a sound recording. */
export type SoundKind =
  | 'speech'
  /** Speech in a WAV file whose header has the sizes of a stream. */
  | 'placeholder'
  | 'silence'
  | 'none'
  /** The first 50 ms. */
  | 'short'
  /** The model goes on for a minute. */
  | 'runaway'
  | 'garbage'
  /** A header that promises twice the sound that is there. */
  | 'half'
  | 'page'
  | 'json';

/** One line as a server says it. */
export interface Said {
  readonly text: string;
  readonly language: string;
  readonly tone: number;
  /** 2 is twice as fast. */
  readonly speed: number;
  readonly sampleRate: number;
}

const names: Readonly<Record<string, string>> = { zh: 'chinese', en: 'english', ja: 'japanese', es: 'spanish' };

/** The bytes of an answer. */
export async function soundOf(said: Said, kind: SoundKind): Promise<Buffer> {
  const { text, language, tone, speed, sampleRate } = said;
  if (kind === 'none') return Buffer.alloc(0);
  if (kind === 'page') return Buffer.from('<!DOCTYPE html><html><body><h1>AutoDL</h1></body></html>');
  if (kind === 'json') return Buffer.from('{"status":"ok"}');
  if (kind === 'garbage') return Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 151 + 7) & 0x7f));
  const spoken = await speakAloud({
    language: names[language] ?? language,
    text,
    voice: 'vv',
    man: false,
    speed,
    sampleRate,
  });
  const pcm = withTone(spoken, tone, sampleRate);
  if (kind === 'silence') return toWave(Buffer.alloc(pcm.length), sampleRate, 'true');
  if (kind === 'short') return toWave(pcm.subarray(0, Math.round(sampleRate * 0.05) * 2), sampleRate, 'true');
  if (kind === 'runaway') return toWave(longer(pcm, sampleRate * 60 * 2), sampleRate, 'true');
  if (kind === 'half') {
    const wave = toWave(pcm, sampleRate, 'true');
    return wave.subarray(0, 44 + Math.floor(pcm.length / 4) * 2);
  }
  return toWave(pcm, sampleRate, kind === 'placeholder' ? 'placeholder' : 'true');
}

function longer(pcm: Buffer, bytes: number): Buffer {
  const parts = Array.from({ length: Math.ceil(bytes / pcm.length) }, () => pcm);
  return Buffer.concat(parts).subarray(0, bytes);
}
