import { randomUUID } from 'node:crypto';
import type { Source } from '../domain/source.js';
import { exitNumbers } from '../errors.js';
import { probeFile } from '../media/probe.js';
import { openWorkFolder, type WorkFolder } from '../workspace/folder.js';
import { withCrews } from './casting/crew.js';
import { deleteVoices, tellVoicesLeft } from './casting/delete-voices.js';
import { type CastPlan, planCast } from './casting/plan.js';
import { showInto } from './dub-into.js';
import { withOwnWords } from './engines/own-words.js';
import { refuseUndrawable, refuseUnserved, refuseUnusableModel } from './engines/preflight.js';
import type { OutputSummary, RunSummary } from './events.js';
import type { DubJob, RunTools } from './job.js';
import { refuseUnknownCost } from './money/ask-first.js';
import { usualTerms } from './money/terms.js';
import { planOutputs, workFolderPath } from './outputs.js';
import { type EarlierWork, findFinished, withoutFinished } from './resuming/finished.js';
import { readRecord } from './resuming/journal.js';
import { type Session, startSession } from './session.js';
import { prepareShared } from './shared.js';
import { dubTargets } from './targets.js';

/**
 * Dubs one input into every target: the whole pipeline. Finished work is kept in the work folder and the store, so the
 * same call after any interruption goes on where this one stopped.
 * @throws DubError; what was finished before it is kept
 */
export async function dub(job: DubJob, tools: RunTools): Promise<RunSummary> {
  const source = await probeFile(job.input, tools.media, tools.signal);
  const earlier = job.skipFinished && job.fromStage === undefined ? await findFinished(job, source) : undefined;
  const left = earlier === undefined ? job : withoutFinished(job, earlier);
  if (earlier !== undefined && left.targets.length === 0) return tellFinished(job, source, earlier, tools);
  const outputs = await planOutputs(left, source, earlier?.leftovers);
  await refuseUndrawable(left, source, tools.signal);
  await refuseUnserved(left, tools.signal);
  await refuseUnusableModel(left);
  refuseUnknownCost(left, job.money ?? usualTerms);
  const folder = await openWorkFolder(workFolderPath(left, outputs));
  await beginAnew(job, folder);
  const session = await startSession(tools, folder, job);
  const stopListening = tools.retries?.listen((retry) => session.emit({ type: 'provider-retry', ...retry }));
  let castPlan: CastPlan | undefined;
  try {
    session.emit({ type: 'run-start', input: source.path, work: folder.path, ...namesOf(left) });
    const plan = await planCast(left, source.durationMs, { work: folder.path, scratch: folder.path }, tools);
    castPlan = plan;
    refuseUnknownCost(withCrews(left, plan.crews), job.money ?? usualTerms);
    const shared = await prepareShared(left, source, session);
    const works = outputs.map((output) => ({
      output: { ...output, target: withOwnWords(output.target, shared.script) },
      shared,
      castPlan: plan,
      job,
      session,
      language: output.target.language,
    }));
    if (job.onlyShow) for (const work of works) await showInto(work);
    const made = job.onlyShow ? [] : await dubTargets(works);
    const summaries = [...(earlier?.outputs ?? []), ...made];
    if (job.deleteVoices && !job.onlyShow) await deleteVoices(job, plan, session);
    return finish(job, source, inOrder(job, summaries), session);
  } catch (error) {
    if (job.deleteVoices && castPlan !== undefined) await tellVoicesLeft(job, castPlan, session);
    session.noteFailure(error);
    throw error;
  } finally {
    stopListening?.();
    await session.close();
    await folder.close();
  }
}

function inOrder(job: DubJob, outputs: readonly OutputSummary[]): OutputSummary[] {
  return job.targets.flatMap(({ language }) => outputs.filter((output) => output.language === language));
}

/** The summary of a run that has nothing left to do. */
function tellFinished(job: DubJob, source: Source, { work, outputs }: EarlierWork, tools: RunTools): RunSummary {
  const summary: RunSummary = {
    ...{ v: 1, type: 'summary', time: new Date().toISOString(), run: randomUUID() },
    ...{ exit: exitNumber(job, outputs), input: source.path, work, outputs: inOrder(job, outputs), ms: 0 },
  };
  tools.sink(summary);
  return summary;
}

/** A run that was asked for the same and did not finish is gone on with: what it has paid for since then is kept. */
async function beginAnew({ fromStage }: DubJob, folder: WorkFolder): Promise<void> {
  if (fromStage === undefined) return;
  const last = await readRecord(folder.path);
  if (last?.state !== 'finished' && last?.fromStage === fromStage) return;
  await folder.beginRound(fromStage);
}

function namesOf(job: DubJob) {
  const first = job.targets[0]!;
  const providers = {
    asr: job.asr.label,
    translator: first.translator.label,
    tts: first.tts.label,
    store: job.storage.label,
  };
  return { targets: job.targets.map((target) => target.language), providers };
}

function finish(job: DubJob, source: Source, outputs: OutputSummary[], session: Session): RunSummary {
  return session.emit({
    type: 'summary',
    exit: exitNumber(job, outputs),
    input: source.path,
    work: session.folder.path,
    outputs,
    receipt: session.receipt(),
    ms: session.elapsedMs(),
  }) as RunSummary;
}

/** Exit number of a run that finished with lines that were not voiced as asked. */
const finishedWithGaps = 8;

/** A failed verdict or an overflow counts only under --strict; gaps always do. */
function exitNumber(job: DubJob, outputs: readonly OutputSummary[]): number {
  const failed = outputs.some((output) => output.verdict?.passed === false || output.lines.overflowed > 0);
  if (job.strict && failed) return exitNumbers.VERDICT_FAILED;
  const hasGaps = outputs.some(({ lines, fallbacks = [] }) => lines.failed > 0 || fallbacks.length > 0);
  return hasGaps ? finishedWithGaps : 0;
}
