import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mix } from '../../src/domain/dub.js';
import type { Source } from '../../src/domain/source.js';
import { chooseAudioStream } from '../../src/media/audio-stream.js';
import type { ContainerName } from '../../src/media/containers.js';
import { audioCodecFor } from '../../src/media/dub-codec.js';
import { ffmpeg } from './media.js';

/** Encodes mono samples at 48 kHz as the dub track of `source` for a container, the way the mix does. */
export async function encodeDub(
  folder: string,
  source: Source,
  samples: Float32Array,
  container: ContainerName,
): Promise<Mix> {
  const codec = audioCodecFor(chooseAudioStream(source), container);
  const name = `dub-${randomUUID()}`;
  const raw = join(folder, `${name}.f32`);
  const path = join(folder, name + codec.extension);
  await writeFile(raw, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  const input = ['-f', 'f32le', '-ar', '48000', '-ac', '1', '-i', raw];
  await ffmpeg(...input, '-ac', String(codec.channels), ...codec.options, path);
  const silence = { integratedLufs: -120, truePeakDbtp: -120 };
  return { ...codec, path, gainDb: 0, loudness: silence, targetLufs: -23, ceilingDbtp: -1 };
}
