import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mix } from '../domain/dub.js';
import type { LineFailure } from '../domain/script.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { audioCodecFor } from '../media/dub-codec.js';
import { mix } from '../stages/mix/index.js';
import { partialPath, publishFile } from '../workspace/files.js';
import { chooseBed } from './bed.js';
import { filesExist, mixKey } from './keys.js';
import type { TargetWork } from './work.js';

/** The dub track of one target, kept in the work folder as long as nothing that shaped it changes. */
export async function mixDub(
  work: TargetWork,
  takes: Takes,
  timeline: Timeline,
  failures: readonly LineFailure[],
): Promise<Mix> {
  const { job, session, language, shared, output } = work;
  const { soundtrack, source } = shared;
  const codec = audioCodecFor(source.streams[soundtrack.streamIndex]!, output.container);
  const { duckDb, loudness, onOverflow } = job;
  const { bed, backgroundPath } = await chooseBed(work);
  const lines = shared.script.utterances.map(({ id, startMs, endMs }) => ({ id, startMs, endMs }));
  const silence = silencedSpans(work, failures);
  const options = { bed, backgroundPath, duckDb, loudness, onOverflow, codec, lines, silence };
  const path = join(session.folder.path, '.state', `mix.${language}${codec.extension}`);
  return session.stage(
    { stage: 'mix', language },
    (ctx) =>
      session.folder.once(
        `mix.${language}`,
        mixKey({ soundtrack, takes, timeline, options }),
        async () => {
          const partial = partialPath(path);
          try {
            const mixed = await mix(soundtrack, takes, timeline, { ...options, outPath: partial }, ctx);
            await publishFile(partial, path, true);
            return { ...mixed, path };
          } finally {
            await rm(partial, { force: true });
          }
        },
        (value) => filesExist([value.path]),
      ),
    (value) => `${value.codec}, ${value.loudness.integratedLufs.toFixed(1)} LUFS, gain ${value.gainDb.toFixed(1)} dB`,
  );
}

/** Where a failed line leaves silence instead of the original speech. */
function silencedSpans({ job, shared }: TargetWork, failures: readonly LineFailure[]) {
  if (job.onLineFailure !== 'silence') return [];
  const failed = new Set(failures.map((failure) => failure.utteranceId));
  return shared.script.utterances
    .filter((utterance) => failed.has(utterance.id))
    .map(({ startMs, endMs }) => ({ startMs, endMs }));
}
