import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { CastSample } from '../../domain/cast.js';
import { DubError } from '../../errors.js';
import { convertSample, describePlainSample } from '../../stages/cast/convert.js';
import { makeFolder, partialPath, publishFile } from '../../workspace/files.js';
import { hashValue } from '../../workspace/hash.js';
import type { RunTools } from '../job.js';

/** Folder of the voice samples in a work folder. */
export const samplesFolder = 'voices';

/** Endings of sound and film that nobody gives to a voice. */
const mediaEndings = new Set(
  '.wav .wave .mp3 .m4a .aac .flac .ogg .oga .opus .wma .aiff .aif .amr .mp4 .mov .mkv .webm .mka .avi .ts'.split(' '),
);

/**
 * Whether `--voice` names a recording rather than a voice: paths on a server and links are the engine's to read.
 * @throws INPUT_UNREADABLE for a recording that is not there
 */
export async function isRecording(voice: string): Promise<boolean> {
  if (/^(server:|https?:\/\/)/i.test(voice)) return false;
  const hasEnding = mediaEndings.has(extname(voice).toLowerCase());
  if (!hasEnding && !/[/\\]/.test(voice)) return false;
  const found = await stat(voice).catch(() => undefined);
  if (found?.isFile()) return true;
  if (!hasEnding || voice.startsWith('/')) return false;
  throw missingSample(voice);
}

/** Makes a sample of any recording that ffmpeg reads, as 16-bit mono WAV in the work folder. */
export async function readSample(path: string, work: string, tools: RunTools): Promise<CastSample> {
  const from = resolve(path);
  // A sample as engines want it stays the file it is: its hash is what takes and enrolled voices are kept under.
  const plain = await describePlainSample(from);
  if (plain !== undefined) return plain;
  const name = `${basename(from, extname(from)).slice(0, 60)}-${hashValue({ from }).slice(0, 8)}`;
  const to = join(work, samplesFolder, `${name}.wav`);
  await makeFolder(dirname(to));
  const partial = partialPath(to);
  const sample = await convertSample(from, partial, { tools: tools.media, signal: tools.signal });
  await publishFile(partial, to, true);
  return { ...sample, path: to };
}

/** The error for a sample that is not where it should be. */
export function missingSample(path: string): DubError {
  return new DubError('INPUT_UNREADABLE', `The voice sample ${path} is not there.`, {
    hint: 'Check its path; a voice of the engine is given by its name, see `dub voices`.',
  });
}

/** Where the sample of a speaker is kept who was found in the source: a name that any disk takes. */
export function samplePath(work: string, speaker: string): string {
  const plain = speaker.replace(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 60);
  const name = plain === speaker ? plain : `${plain}-${hashValue({ speaker }).slice(0, 6)}`;
  return join(work, samplesFolder, `${name}.wav`);
}
