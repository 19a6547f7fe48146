import { rm } from 'node:fs/promises';
import type { Dub, Mix, StreamFate, Subtitles, Verdict } from '../domain/dub.js';
import { nativeLanguageName } from '../domain/language.js';
import type { LineFailure, Translation } from '../domain/script.js';
import type { Takes, Timeline } from '../domain/timeline.js';
import { DubError, type DubErrorCode } from '../errors.js';
import { align, defaultTiming } from '../stages/align/index.js';
import { summarise } from '../stages/check.js';
import { mux } from '../stages/mux/index.js';
import { repause } from '../stages/repause/index.js';
import { partialPath, publishFile } from '../workspace/files.js';
import { chooseBed } from './bed.js';
import { type Casting, voiceNames } from './casting/crew.js';
import { castVoices } from './casting/perform.js';
import { type CheckRecord, checkOnce, checkRecordName, writeReport } from './check.js';
import { fallbacksOf, tellUnusable } from './engines/fallbacks.js';
import type { OutputSummary } from './events.js';
import { type Fitted, fitLines } from './fitting/fit.js';
import { tellChanges, translateAndVoice, type Voiced } from './fitting/voicing.js';
import type { DubJob } from './job.js';
import { filesExist, lineShape, reportKey } from './keys.js';
import { mixDub } from './mixing.js';
import { countOf, toJsonText, translationAsSrt } from './readable.js';
import { noteFinished, notePublished } from './resuming/finished.js';
import { keepSettled } from './resuming/settled.js';
import { burntSubtitles, expectedSubtitles, makeSubtitles, softSubtitles } from './subtitling.js';
import { type Verified, verifyDub, voiceAgain } from './verify.js';
import { type TargetWork, warn } from './work.js';

/** One target's lines: written, spoken, and made to fit. */
export interface VoicedTarget extends Fitted {
  readonly casting: Casting;
}

/** Translates and voices one target's lines: the half that waits for services. */
export async function voiceTarget(work: TargetWork): Promise<VoicedTarget> {
  if (work.output.warning) warn(work, 'mux', work.output.warning);
  const { translator, tts } = work.output.target;
  tellUnusable('translate', translator, work.session, work.language);
  tellUnusable('synthesize', tts, work.session, work.language);
  const casting = await castVoices(work);
  const fitted = await fitLines(work, casting, await translateAndVoice(work, casting));
  const { output, shared, session } = work;
  const shape = await lineShape(output.target, shared.source, session.folder.rounds, casting);
  await keepSettled(session.folder, shared.script, fitted.translation, voiceNames(casting.cast), shape);
  return { casting, ...fitted };
}

/** Makes one target's dub of its lines and what all targets share, and measures the finished file. */
export async function finishTarget(work: TargetWork, voiced: VoicedTarget): Promise<OutputSummary> {
  const { output, shared, job, session, language } = work;
  const { casting, translation, takes: fitting, adapted } = voiced;
  const failures = [...translation.failures, ...fitting.failures];
  await session.write(`${language}/translation.srt`, translationAsSrt(shared.script, translation));
  refuseFailures(job, failures);

  const sounding = await soundDub(work, { translation, takes: fitting }, failures);
  const guarded = await guardMeaning(work, casting, translation, sounding, failures);
  const { takes, timeline, subtitles, mixed, verified } = guarded;
  const dubbed = await muxDub(work, mixed, subtitles);
  const verdict = await checkDub(work, translation, subtitles, takes, timeline, mixed, dubbed, failures);
  const fallbacks = fallbacksOf(work, translation, takes);
  const summary: OutputSummary = {
    language,
    path: output.path,
    lines: {
      total: shared.script.utterances.length,
      voiced: timeline.placements.length,
      failed: failures.length,
      overflowed: timeline.overflows.length,
    },
    ...(adapted.tried > 0 ? { adapted } : {}),
    ...(fallbacks.length > 0 ? { fallbacks } : {}),
    ...(verified ? { verified } : {}),
    failures,
    verdict: { passed: verdict.passed, gates: [...verdict.gates] },
    warnings: session.warnings(language),
  };
  await noteFinished(session.folder, job, shared.source, output, summary);
  return summary;
}

/** The dub as it can be heard and read, before it is in a file with the picture. */
interface Sounding {
  readonly takes: Takes;
  readonly timeline: Timeline;
  readonly subtitles: Subtitles;
  readonly mixed: Mix;
}

async function soundDub(
  work: TargetWork,
  { translation, takes: voiced }: Pick<Voiced, 'translation' | 'takes'>,
  failures: readonly LineFailure[],
): Promise<Sounding> {
  const { takes, timeline } = await alignTakes(work, voiced);
  const subtitles = await makeSubtitles(work, translation, timeline);
  return { takes, timeline, subtitles, mixed: await mixDub(work, takes, timeline, failures) };
}

/** Under --verify the dub is compared and heard; --verify=fix voices what was not heard as written again, once. */
async function guardMeaning(
  work: TargetWork,
  casting: Casting,
  translation: Translation,
  sounding: Sounding,
  failures: readonly LineFailure[],
): Promise<Sounding & { readonly verified?: Verified }> {
  const { verify } = work.job;
  if (verify === undefined) return sounding;
  const verified = await verifyDub(work, verify, { translation, ...sounding });
  if (verify.mode === 'list' || verified.unlike.length === 0) return { ...sounding, verified };
  const takes = await voiceAgain(work, casting, { translation, takes: sounding.takes }, verified.unlike);
  const again = await soundDub(work, { translation, takes }, failures);
  const after = await verifyDub(work, verify, { translation, ...again });
  return { ...again, verified: { ...after, voicedAgain: verified.unlike.length } };
}

/** Says what making this target's dub would buy and change, and does none of it. */
export async function showInto(work: TargetWork): Promise<void> {
  await tellChanges(work, await castVoices(work));
}

function refuseFailures(job: DubJob, failures: readonly LineFailure[]): void {
  const first = failures[0];
  if (job.onLineFailure !== 'fail' || first === undefined) return;
  throw new DubError(first.code as DubErrorCode, `Line ${first.utteranceId} failed: ${first.message}`, {
    hint: `${countOf(failures.length, 'line')} failed in all. --on-line-failure keep-original lets the others go on.`,
  });
}

/** Places the takes, after their inner pauses were laid on the source's. */
async function alignTakes(work: TargetWork, voiced: Takes): Promise<{ takes: Takes; timeline: Timeline }> {
  const { job, session, language, shared } = work;
  const { takes, timeline } = await session.stage(
    { stage: 'align', language },
    async (ctx) => {
      const repaused = await repause(shared.script, shared.transcript, voiced, ctx);
      const placed = align(shared.script, repaused, defaultTiming(shared.source.durationMs));
      return { value: { takes: repaused, timeline: placed }, kept: false };
    },
    (value) => describeTimeline(value.timeline),
  );
  for (const overflow of timeline.overflows) session.emit({ type: 'line-overflow', language, ...overflow });
  if (job.onOverflow === 'trim' && timeline.overflows.length > 0) warn(work, 'align', describeTrimmed(timeline));
  await session.write(`${language}/timeline.json`, toJsonText(timeline));
  const worst = timeline.overflows[0];
  if (worst !== undefined && job.onOverflow === 'fail') {
    throw new DubError(
      'TIMING_OVERFLOW',
      `${countOf(timeline.overflows.length, 'line')} too long; ${worst.utteranceId} by ${worst.excessMs} ms.`,
      {
        hint: `Shorten them in the translation, or let them be with --on-overflow overrun.`,
      },
    );
  }
  return { takes, timeline };
}

/** What is cut off is said line by line. */
function describeTrimmed({ overflows }: Timeline): string {
  const ends = overflows.map(({ utteranceId, excessMs }) => `${utteranceId} its last ${excessMs} ms`);
  return `Too long even at the fastest tempo, and cut as --on-overflow trim asks: ${ends.join(', ')}.`;
}

function describeTimeline({ placements, overflows }: Timeline): string {
  const fastest = placements.reduce((most, placement) => Math.max(most, placement.tempo), 1);
  const over = overflows.length === 0 ? '' : `, ${overflows.length} do not fit`;
  const runs = placements.filter(({ runsOnFrom }) => runsOnFrom !== undefined).length;
  const joined = runs === 0 ? '' : `, ${runs} as one run with the line before`;
  return `${countOf(placements.length, 'line')} placed, fastest ${fastest.toFixed(2)}x${joined}${over}`;
}

/** Writes the output beside its final name and gives it that name only when it is whole. */
async function muxDub(work: TargetWork, mixed: Mix, subtitles: Subtitles): Promise<Dub> {
  const { job, session, language, shared, output } = work;
  const name = nativeLanguageName(language);
  const partial = partialPath(output.path);
  await session.folder.expectLeftover(partial);
  const options = {
    path: partial,
    container: output.container,
    language,
    title: name,
    dubbedStreamIndex: shared.soundtrack.streamIndex,
    keepOriginal: job.keepOriginal,
    subtitles: await softSubtitles(work, subtitles, name),
    burn: await burntSubtitles(work, subtitles),
  };
  try {
    return await session.stage(
      { stage: 'mux', language },
      async (ctx) => {
        const dub = await mux(shared.source, mixed, options, ctx);
        await notePublished(session.folder, job, shared.source, output, partial, output.path);
        await publishFile(partial, output.path, output.replace);
        return { value: { ...dub, path: output.path }, kept: false };
      },
      ({ streams }) => describeFates(streams),
    );
  } finally {
    await rm(partial, { force: true });
  }
}

function describeFates(streams: readonly StreamFate[]): string {
  const count = (fate: StreamFate['fate']) => streams.filter((stream) => stream.fate === fate).length;
  const parts = (['kept', 'converted', 'left-out'] as const).flatMap((fate) =>
    count(fate) > 0 ? `${count(fate)} ${fate.replace('-', ' ')}` : [],
  );
  return `streams of the input: ${parts.join(', ')}`;
}

/** What a later `dub check` needs is left in the work folder before the file is measured the first time. */
async function checkDub(
  work: TargetWork,
  translation: Translation,
  subtitles: Subtitles,
  takes: Takes,
  timeline: Timeline,
  mixed: Mix,
  dub: Dub,
  lineFailures: readonly LineFailure[],
): Promise<Verdict> {
  const { job, session, language, shared } = work;
  const { source, script, soundtrack } = shared;
  const options = {
    language,
    keepOriginal: job.keepOriginal,
    originalStreamIndex: soundtrack.streamIndex,
    targetLufs: mixed.targetLufs,
    ceilingDbtp: mixed.ceilingDbtp,
    lineFailures,
    subtitles: expectedSubtitles(work, subtitles),
    bed: { bed: (await chooseBed(work)).bed, duckDb: job.duckDb, gainDb: mixed.gainDb },
  };
  const record: CheckRecord = { language, source, script, translation, takes, timeline, dub, options };
  await session.folder.once(checkRecordName(language), record, async () => record);
  const judged = await session.stage(
    { stage: 'check', language },
    (ctx) => checkOnce(record, session.folder.path, ctx),
    ({ verdict }) => summarise(verdict)[0],
  );
  const { verdict } = judged;
  await session.stage(
    { stage: 'report', language },
    (ctx) =>
      session.folder.once(
        `report.${language}`,
        reportKey(record, verdict),
        () => writeReport(record, judged, session.folder.path, ctx),
        (path) => filesExist([path]),
      ),
    (path) => path,
  );
  return verdict;
}
