import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Subtitles } from '../domain/dub.js';
import { nativeLanguageName, undetermined } from '../domain/language.js';
import type { Translation } from '../domain/script.js';
import type { Timeline } from '../domain/timeline.js';
import { holdsText } from '../media/containers.js';
import { findFont } from '../media/fonts.js';
import type { SubtitlesExpectation } from '../stages/check.js';
import { bilingualLimits, subtitle } from '../stages/subtitle.js';
import { writeSrt, writeVtt } from '../subtitles/write.js';
import { partialPath, publishFile, writeWhole } from '../workspace/files.js';
import { countOf } from './readable.js';
import { notePublished } from './resuming/finished.js';
import type { TargetWork } from './work.js';

/** The dub's subtitles, written to the work folder and, where that was asked, beside the output. */
export async function makeSubtitles(
  work: TargetWork,
  translation: Translation,
  timeline: Timeline,
): Promise<Subtitles> {
  const { session, language, shared, output, job } = work;
  const subtitles = await session.stage(
    { stage: 'subtitle', language },
    async () => ({ value: subtitle(shared.script, translation, timeline, subtitleOptions(work)), kept: false }),
    ({ cues }) => countOf(cues.length, 'cue'),
  );
  const srt = writeSrt(subtitles.cues);
  await session.write(`${language}/subtitles.srt`, srt);
  if (output.sidecar) await writeBeside(work, output.sidecar, job.subtitles === 'vtt' ? writeVtt(subtitles.cues) : srt);
  return subtitles;
}

async function writeBeside({ session, job, shared, output }: TargetWork, path: string, text: string): Promise<void> {
  const partial = partialPath(path);
  try {
    await writeWhole(partial, text);
    await notePublished(session.folder, job, shared.source, output, partial, path);
    await publishFile(partial, path, true);
  } finally {
    await rm(partial, { force: true });
  }
}

function subtitleOptions({ job, shared }: TargetWork) {
  return { frameMs: shared.source.frameMs, sourceBelow: job.subtitles === 'both' };
}

/** True when the subtitles become a track of the output. */
function goesInside({ job, shared, output }: TargetWork, { cues }: Subtitles): boolean {
  const isSoft = job.subtitles === 'soft' || job.subtitles === 'both';
  return isSoft && shared.source.kind !== 'audio' && cues.length > 0 && holdsText(output.container);
}

/** The track of the output, and its title; undefined when it gets none. */
export async function softSubtitles(work: TargetWork, subtitles: Subtitles, name: string) {
  if (!goesInside(work, subtitles)) return undefined;
  const { job, shared } = work;
  const below = shared.script.language;
  const bilingual = job.subtitles === 'both' && below !== undetermined;
  const title = bilingual ? `${name} + ${nativeLanguageName(below)}` : name;
  return { path: await scratchSrt(work, subtitles), title };
}

/**
 * What is drawn into the picture; undefined when nothing is.
 * @throws ENGINE_MISSING when no font of this machine has the letters
 */
export async function burntSubtitles(work: TargetWork, subtitles: Subtitles) {
  const { job, session, language } = work;
  if (job.subtitles !== 'burn' || subtitles.cues.length === 0) return undefined;
  const text = subtitles.cues.map((cue) => cue.text).join('');
  return { path: await scratchSrt(work, subtitles), font: await findFont(text, language, session.signal) };
}

async function scratchSrt({ session, language }: TargetWork, { cues }: Subtitles): Promise<string> {
  const path = join(session.folder.scratch, `subtitles.${language}.srt`);
  await writeWhole(path, writeSrt(cues));
  return path;
}

/** What the verdict looks for: a track or a file with these cues. */
export function expectedSubtitles(work: TargetWork, subtitles: Subtitles): SubtitlesExpectation | undefined {
  const { output, language, shared } = work;
  const { cues } = subtitles;
  const limits = work.job.subtitles === 'both' ? bilingualLimits(language, shared.script.language) : undefined;
  if (output.sidecar !== undefined) return { language, cues, path: output.sidecar };
  return goesInside(work, subtitles) ? { language, cues, limits } : undefined;
}
