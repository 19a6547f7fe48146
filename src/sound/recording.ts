import { readFlac } from './flac-reader.js';
import { readWav, type Wav } from './wav.js';

/**
 * The sound of a take, FLAC or WAV.
 * @returns undefined when the bytes are neither, or damaged
 */
export function readRecording(bytes: Uint8Array): Pick<Wav, 'sampleRate' | 'channels' | 'samples'> | undefined {
  const flac = readFlac(bytes);
  if (flac === undefined) return readWav(bytes);
  return {
    sampleRate: flac.sampleRate,
    channels: 1,
    samples: Float32Array.from(flac.samples, (value) => value / 32_768),
  };
}
