import { createHash } from 'node:crypto';
import { readWav, toMono } from '../../../src/sound/wav.js';

/** Tones of voices, Hz: far enough apart to be told from each other under speech. */
export const toneGrid = Array.from({ length: 24 }, (_, index) => 1000 + index * 125);

/** The tone of a voice that is only a name or a path. */
export function toneOfName(name: string): number {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return toneGrid[hash % toneGrid.length]!;
}

/** The tone of the voice in a clip: the one that is in it, else one of its own. Undefined for what is no recording. */
export function toneOfClip(wav: Uint8Array): number | undefined {
  if (readWav(wav) === undefined) return undefined;
  return toneIn(wav) ?? toneOfName(createHash('sha256').update(wav).digest('hex'));
}

/** The tone in a recording: that of the grid which stands out most; undefined when none does. */
export function toneIn(wav: Uint8Array): number | undefined {
  const read = readWav(wav);
  return read === undefined ? undefined : toneInSamples(toMono(read), read.sampleRate);
}

/** The same of mono samples. */
export function toneInSamples(samples: Float32Array, sampleRate: number): number | undefined {
  const powers = toneGrid.map((tone) => power(samples, tone, sampleRate));
  const sorted = powers.toSorted((a, b) => b - a);
  if (sorted[0]! < 10 * sorted[1]!) return undefined;
  return toneGrid[powers.indexOf(sorted[0]!)];
}

/** Power at one frequency (Goertzel). */
function power(samples: Float32Array, tone: number, sampleRate: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * tone) / sampleRate);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + turn * last - before];
  return (before ** 2 + last ** 2 - turn * before * last) / samples.length ** 2;
}

/** How fast the tone follows the speech: it falls to a third in 30 ms. */
const decaySeconds = 0.03;

/**
 * Speech with a tone that is as loud as the speech at each moment, so that what is heard is still the speech: a steady
 * tone would be found everywhere by those who listen for a recording.
 */
export function withTone(pcm: Uint8Array, tone: number, sampleRate: number): Buffer {
  const mixed = Buffer.from(pcm);
  const decay = Math.exp(-1 / (decaySeconds * sampleRate));
  let level = 0;
  for (let index = 0; index * 2 + 1 < mixed.length; index++) {
    const sample = mixed.readInt16LE(index * 2);
    level = Math.max(Math.abs(sample), level * decay);
    const value = sample * 0.6 + 0.18 * level * Math.sin((2 * Math.PI * tone * index) / sampleRate);
    mixed.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(value))), index * 2);
  }
  return mixed;
}
