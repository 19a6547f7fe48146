import { dirname } from 'node:path';
import type { CastSample } from '../../domain/cast.js';
import type { Span } from '../../domain/time.js';
import type { SampleLimits } from '../../providers/tts/contract.js';
import { describeSample } from '../../stages/cast/convert.js';
import type { ReadSound } from '../../stages/cast/listen.js';
import { cutSample, type FoundSample, findSample } from '../../stages/cast/sample.js';
import { makeFolder, partialPath, publishFile } from '../../workspace/files.js';
import { hashValue } from '../../workspace/hash.js';
import { type TargetWork, warn } from '../work.js';
import { samplePath } from './samples.js';

/** Raised when the same speaker would be cut otherwise. */
const version = 1;

/**
 * The sample of a speaker from the source, cut once and kept in the work folder. A file that the user has put in its
 * place is taken as it is.
 * @returns undefined when the speaker is not heard alone for long enough
 */
export async function sampleFromSource(
  work: TargetWork,
  speaker: string,
  limits: SampleLimits,
  read: ReadSound,
): Promise<CastSample | undefined> {
  const { minMs, maxMs } = limits;
  const { script } = work.shared;
  const found = await keptSample(work, speaker, { minMs, maxMs, script }, (path) =>
    findSample(script, speaker, limits, read, path),
  );
  if (found?.fault !== undefined) {
    warn(work, 'cast', `The best sample of ${speaker} in the source is not a good one: ${found.fault}.`);
  }
  return found?.sample;
}

/** The sample of a speaker at times that the user wrote into the cast. */
export async function sampleAt(
  work: TargetWork,
  speaker: string,
  spans: readonly Span[],
  read: ReadSound,
): Promise<CastSample> {
  const found = await keptSample(work, speaker, { spans }, async (path) => ({
    sample: await cutSample(spans, work.shared.script, read, path),
  }));
  return found!.sample;
}

async function keptSample(
  { session: { folder }, shared }: TargetWork,
  speaker: string,
  given: Readonly<Record<string, unknown>>,
  make: (path: string) => Promise<FoundSample | undefined>,
): Promise<FoundSample | undefined> {
  const path = samplePath(folder.path, speaker);
  const name = `sample-${hashValue({ speaker }).slice(0, 12)}`;
  const standing = await describeSample(path).catch(() => undefined);
  const ours = await folder.read<FoundSample>(name);
  const isTheirs = standing !== undefined && standing.sha256 !== ours?.sample.sha256;
  if (isTheirs && given.spans === undefined) return { sample: standing };
  const { value } = await folder.once<FoundSample | null>(
    name,
    { version, sound: shared.source.fingerprint, ...given },
    async () => {
      await makeFolder(dirname(path));
      const partial = partialPath(path);
      const found = await make(partial);
      if (found === undefined) return null;
      await publishFile(partial, path, true);
      return { ...found, sample: { ...found.sample, path } };
    },
    async (value) => value === null || standing !== undefined,
  );
  return value ?? undefined;
}
