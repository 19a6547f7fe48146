import { DubError } from '../../../errors.js';
import { findSound } from '../../../sound/trim.js';
import { readWav, toMono, writeWav } from '../../../sound/wav.js';
import { type JudgedSpeech, toInt16 } from './judge.js';

/**
 * Recordings one after another as one WAV file, the silence between two made as long as the joint.
 * @throws PROVIDER_BAD_REPLY for recordings that are no WAV files or differ in rate
 */
export function joinWaves(parts: readonly JudgedSpeech[], jointMs: number, who: string): JudgedSpeech {
  const waves = parts.map(({ audio }) => readWav(audio));
  const rates = new Set(waves.map((wave) => wave?.sampleRate));
  const [sampleRate] = rates;
  if (sampleRate === undefined || rates.size > 1) {
    throw new DubError('PROVIDER_BAD_REPLY', `${who} answered the pieces of one line in forms that cannot be joined.`, {
      hint: 'Ask for WAV, or split the line in the script.',
      retryable: true,
    });
  }
  const joint = new Float32Array(Math.round((jointMs * sampleRate) / 1000));
  const trimmed = waves.flatMap((wave, index) => {
    const samples = toMono(wave!);
    const sound = findSound(samples, sampleRate);
    const from = index === 0 ? 0 : (sound?.startSample ?? 0);
    const to = index === waves.length - 1 ? samples.length : (sound?.endSample ?? samples.length);
    return index === 0 ? [samples.subarray(from, to)] : [joint, samples.subarray(from, to)];
  });
  const all = new Float32Array(trimmed.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of trimmed) {
    all.set(part, at);
    at += part.length;
  }
  const durationMs = Math.round((all.length * 1000) / sampleRate);
  return { audio: writeWav(toInt16(all), sampleRate, 1), mediaType: 'audio/wav', durationMs };
}
