import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DubError } from '../../../errors.js';
import { readWav, toMono, writeWav } from '../../../sound/wav.js';
import { toInt16 } from '../../vendors/speech/judge.js';
import type { VoiceSample } from '../contract.js';

/** A voice to be cloned, as it is sent: 16-bit mono WAV of at most 15 s. */
export interface PreparedSample {
  /** Of the file it was read from. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly durationMs: number;
  readonly text: string | undefined;
  readonly consent: string | undefined;
  /** What a person should know about it. */
  readonly warnings: readonly string[];
}

/** The model reads the first 15 s and no more (IndexTTS-2, `infer_v2.py`). */
const longestSampleMs = 15_000;
/** Shorter ones are refused; below three seconds the voice is often missed. */
export const shortestSampleMs = 1000;
const scarceMs = 3000;
/** Longer and larger samples are cut to those 15 s, so that these are limits of patience only. */
export const mostGiven = { ms: 600_000, bytes: 100_000_000 } as const;

/**
 * Reads a sample and makes of it what every server takes.
 * @throws INPUT_UNREADABLE; PROVIDER_UNSUPPORTED for what is no WAV file, or shorter than a second
 */
export async function prepareSample(sample: Pick<VoiceSample, 'path' | 'text' | 'consent'>): Promise<PreparedSample> {
  const { path, text, consent } = sample;
  const file = await readFile(path).catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `The voice sample ${path} cannot be read.`, {
      hint: 'Check that the file is there and may be read.',
      cause,
    });
  });
  const wav = readWav(file);
  if (wav === undefined) {
    throw unfit(
      `The voice sample ${path} is no WAV file of PCM.`,
      'Convert it with `ffmpeg -i FILE -ac 1 -ar 24000 sample.wav`.',
    );
  }
  const mono = toMono(wav);
  const durationMs = Math.round((mono.length * 1000) / wav.sampleRate);
  if (durationMs < shortestSampleMs) {
    throw unfit(
      `The voice sample ${path} is ${durationMs} ms long; a second is the least.`,
      'Give 3 to 15 s of clean speech of one person.',
    );
  }
  const kept = mono.subarray(0, Math.round((longestSampleMs * wav.sampleRate) / 1000));
  return {
    sha256: createHash('sha256').update(file).digest('hex'),
    bytes: writeWav(toInt16(kept), wav.sampleRate, 1),
    durationMs: Math.min(durationMs, longestSampleMs),
    text,
    consent,
    warnings: warningsFor(path, durationMs),
  };
}

function warningsFor(path: string, durationMs: number): string[] {
  const seconds = (durationMs / 1000).toFixed(1);
  if (durationMs > longestSampleMs)
    return [`IndexTTS hears the first 15 s of a voice sample only; ${path} has ${seconds} s.`];
  return durationMs < scarceMs ? [`The voice sample ${path} has ${seconds} s; 3 to 15 s make a better voice.`] : [];
}

function unfit(message: string, hint: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint });
}
