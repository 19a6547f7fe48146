import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Script, Translation } from '../domain/script.js';
import type { Soundtrack, Source } from '../domain/source.js';
import type { Transcript } from '../domain/transcript.js';
import { DubError } from '../errors.js';
import { probeFile } from '../media/probe.js';
import type { StageContext } from '../stages/context.js';
import { segment } from '../stages/segment/index.js';
import { transcribe } from '../stages/transcribe.js';
import { readKept } from '../workspace/folder.js';
import { openContentStore } from '../workspace/store.js';
import { createBuyer, freeOfCharge } from './buyer.js';
import { findFinished, withoutFinished } from './finished.js';
import type { Chosen, DubJob, PlannedStage, RunPlan, RunTools } from './job.js';
import { extractKey, segmentKey, transcribeKey, translateKey } from './keys.js';
import { planOutputs, workFolderPath } from './outputs.js';
import { refuseSpoken, withinRange } from './range.js';

/**
 * What a run of this job would do: nothing is written, nothing is sent. The script is counted when an earlier run has
 * left it or when it can be read without recognition.
 * @throws the errors the run itself would begin with; an output that exists is a warning here
 */
export async function planRun(whole: DubJob, tools: RunTools): Promise<RunPlan> {
  const source = await probeFile(whole.input, tools.media, tools.signal);
  const earlier = whole.skipFinished ? await findFinished(whole, source) : undefined;
  const job = earlier === undefined ? whole : withoutFinished(whole, earlier);
  const finished = earlier?.outputs.map(({ language, path }) => `${language} is finished: ${path}`) ?? [];
  if (earlier !== undefined && job.targets.length === 0) {
    const nothing = { outputs: [], stages: [], lines: 0, characters: 0 };
    return { input: source.path, durationMs: source.durationMs, work: earlier.work, ...nothing, warnings: finished };
  }
  const { outputs, warnings } = await settleOutputs(job, source);
  const work = workFolderPath(job, outputs);
  const known = await readEarlier(job, source, work, tools);
  const script = known.script && withinRange(known.script, job.range);
  if (script) for (const target of job.targets) refuseSpoken(target.language, script.language);
  return {
    input: source.path,
    durationMs: source.durationMs,
    work,
    outputs: outputs.map(({ target, path }) => ({ language: target.language, path })),
    stages: await planStages(job, work, known, script),
    lines: script?.utterances.length,
    characters: script?.utterances.reduce((sum, utterance) => sum + [...utterance.text].length, 0),
    warnings: [...finished, ...outputs.flatMap((output) => output.warning ?? []), ...warnings, ...known.warnings],
  };
}

async function settleOutputs(job: DubJob, source: Source) {
  try {
    return { outputs: await planOutputs(job, source), warnings: [] };
  } catch (error) {
    if (!(error instanceof DubError) || error.code !== 'OUTPUT_EXISTS') throw error;
    return {
      outputs: await planOutputs({ ...job, force: true }, source),
      warnings: [`${error.message} The run would need --force.`],
    };
  }
}

/** What is known without doing anything that costs. */
interface Known {
  readonly soundtrack?: Soundtrack | undefined;
  readonly transcript?: Transcript | undefined;
  /** True when the transcript is an earlier run's, not one just read from subtitles. */
  readonly transcriptKept: boolean;
  readonly script?: Script | undefined;
  readonly warnings: readonly string[];
}

async function readEarlier(job: DubJob, source: Source, work: string, tools: RunTools): Promise<Known> {
  const soundtrack = await readKept<Soundtrack>(work, 'extract', extractKey(job, source));
  const earlier = soundtrack && (await readKept<Transcript>(work, 'transcribe', await transcribeKey(job, soundtrack)));
  if (earlier) {
    const kept = await readKept<Script>(work, 'segment', segmentKey(earlier, source));
    const script = kept ?? segment(earlier, source.durationMs);
    return { soundtrack, transcript: earlier, transcriptKept: true, script, warnings: [] };
  }
  if (job.asr.provider.limits.needsAudio) return { soundtrack, transcriptKept: false, warnings: [] };
  const { transcript, warnings } = await readWithoutListening(job, source, tools);
  const script = segment(transcript, source.durationMs);
  return { soundtrack, transcript, transcriptKept: false, script, warnings };
}

/** Subtitles are read at once: that costs nothing and needs no sound. */
async function readWithoutListening(job: DubJob, source: Source, tools: RunTools) {
  const scratch = await mkdtemp(join(tmpdir(), 'dub-plan-'));
  const warnings: string[] = [];
  const store = openContentStore(scratch);
  const ctx: StageContext = {
    signal: tools.signal,
    scratch,
    tools: tools.media,
    keeper: store,
    buyer: createBuyer({ store, cashier: freeOfCharge, signal: tools.signal }),
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    },
  };
  const unheard = { durationMs: source.durationMs };
  const options = { label: job.asr.label, language: job.sourceLanguage, speakers: job.speakers };
  try {
    const { asr, storage } = job;
    return { transcript: await transcribe(source, unheard, asr.provider, storage.provider, options, ctx), warnings };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function planStages(
  job: DubJob,
  work: string,
  known: Known,
  script: Script | undefined,
): Promise<PlannedStage[]> {
  const stages: PlannedStage[] = [
    here('extract', known.soundtrack !== undefined),
    { ...asked('transcribe', job.asr, 'the speech track'), action: known.transcriptKept ? 'keep' : 'run' },
    here('segment', known.transcriptKept),
  ];
  for (const target of job.targets) {
    const { language } = target;
    const translation =
      script && (await readKept<Translation>(work, `translate.${language}`, await translateKey(target, script)));
    stages.push(
      { ...asked('translate', target.translator, 'the script'), language, action: translation ? 'keep' : 'run' },
      { ...asked('synthesize', target.tts, 'the translation'), language },
      ...['align', 'subtitle', 'mix', 'mux', 'check'].map((stage) => ({ ...here(stage, false), language })),
    );
  }
  return stages;
}

function here(stage: string, kept: boolean): PlannedStage {
  return { stage, action: kept ? 'keep' : 'run', cost: 0 };
}

/** Engines on this machine cost nothing; what a service asks is not known here, and unknown is not zero. */
function asked(stage: string, chosen: Chosen<{ readonly host?: string | undefined }>, what: string): PlannedStage {
  const { host } = chosen.provider;
  const leaves = host === undefined ? undefined : `${what} to ${host}`;
  return { stage, provider: chosen.label, action: 'run', leaves, cost: host === undefined ? 0 : null };
}
