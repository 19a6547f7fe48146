import { readFlac } from './flac-reader.js';
import { readWav, type Wav } from './wav.js';

/**
 * The sound of a take, FLAC or WAV.
 * @returns undefined when the bytes are neither, or damaged
 */
export function readRecording(bytes: Uint8Array): Pick<Wav, 'sampleRate' | 'channels' | 'samples'> | undefined {
  const flac = readFlac(bytes);
  if (flac === undefined) return readWav(bytes);
  const samples = new Float32Array(flac.samples.length);
  for (let i = 0; i < samples.length; i++) samples[i] = flac.samples[i]! / 32_768;
  return { sampleRate: flac.sampleRate, channels: 1, samples };
}
