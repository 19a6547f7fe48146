import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import type { CastSample } from '../../domain/cast.js';
import { DubError } from '../../errors.js';
import { runFfmpeg } from '../../media/run.js';
import { findSound } from '../../sound/trim.js';
import { readWav, toMono, writeWav } from '../../sound/wav.js';
import type { StageContext } from '../context.js';
import { listeningRate } from './listen.js';

/**
 * Makes a voice sample of any recording that ffmpeg reads: WAV, 16-bit mono, 24 kHz.
 * @param from of the user's own
 * @param to a path for a file that is not there yet
 * @throws INPUT_UNREADABLE when there is no sound in it
 */
export async function convertSample(
  from: string,
  to: string,
  { tools, signal }: Pick<StageContext, 'tools' | 'signal'>,
): Promise<CastSample> {
  // Without tags and the encoder's name: the same recording gives the same file, whichever ffmpeg made it.
  const plain = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags', '+bitexact'];
  const options = [
    '-map',
    '0:a:0',
    '-ac',
    '1',
    '-ar',
    String(listeningRate),
    ...plain,
    '-c:a',
    'pcm_s16le',
    '-f',
    'wav',
  ];
  const job = { purpose: 'read a voice sample', inputs: [{ from }], outputs: [{ options, to }] };
  await runFfmpeg(job, tools, signal).catch((cause: unknown) => {
    if (cause instanceof DubError && cause.code !== 'FFMPEG_FAILED') throw cause;
    throw unreadable(from, cause);
  });
  const sample = await describeSample(to);
  if (sample === undefined || sample.durationMs === 0) throw unreadable(from);
  return sample;
}

/** What is known of a sample from its file; undefined for what is no WAV file. */
export async function describeSample(path: string): Promise<CastSample | undefined> {
  const bytes = await readFile(path);
  const wav = readWav(bytes);
  if (wav === undefined) return undefined;
  const durationMs = Math.round((wav.samples.length / wav.channels / wav.sampleRate) * 1000);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), durationMs };
}

/** As `describeSample`, for files that are 16-bit mono WAV of 24 kHz already; undefined for others. */
export async function describePlainSample(path: string): Promise<CastSample | undefined> {
  const head = Buffer.alloc(44);
  const file = await open(path);
  try {
    await file.read(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
  const isPlain =
    head.toString('latin1', 0, 4) === 'RIFF' &&
    head.toString('latin1', 8, 16) === 'WAVEfmt ' &&
    [head.readUInt16LE(20), head.readUInt16LE(22), head.readUInt32LE(24), head.readUInt16LE(34)].join() ===
      [1, 1, listeningRate, 16].join();
  return isPlain ? describeSample(path) : undefined;
}

/** Whether nothing is heard in a WAV file. */
export async function isSilent(path: string): Promise<boolean> {
  const wav = readWav(await readFile(path));
  return wav === undefined || findSound(toMono(wav), wav.sampleRate) === undefined;
}

/** The bytes of a sample: WAV, 16-bit mono. */
export function toSampleBytes(samples: Float32Array): Uint8Array {
  const whole = Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))));
  return writeWav(whole, listeningRate, 1);
}

function unreadable(path: string, cause?: unknown): DubError {
  return new DubError('INPUT_UNREADABLE', `The voice sample ${path} cannot be read as sound.`, {
    hint: 'Give a recording of one person, such as WAV, MP3 or M4A.',
    cause,
  });
}
