import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Script, Translation } from '../domain/script.js';
import type { Soundtrack, Source } from '../domain/source.js';
import type { Transcript } from '../domain/transcript.js';
import { DubError } from '../errors.js';
import { probeFile } from '../media/probe.js';
import { addMoney, convertMoney, type Money, noMoney } from '../pricing/money.js';
import type { TtsProvider } from '../providers/tts/contract.js';
import type { StageContext } from '../stages/context.js';
import { segment } from '../stages/segment/index.js';
import { transcribe } from '../stages/transcribe.js';
import { readKept } from '../workspace/folder.js';
import { openContentStore } from '../workspace/store.js';
import { createBuyer, freeOfCharge } from './buyer.js';
import { type Casting, withCrews } from './casting/crew.js';
import { type Foresight, foreseeCast, samplesLeave } from './casting/foresee.js';
import { planCast } from './casting/plan.js';
import { tellSpoken, withOwnWords } from './engines/own-words.js';
import type { Chosen, DubJob, PlannedCost, PlannedStage, RunPlan, RunTools } from './job.js';
import { extractKey, segmentKey, transcribeKey, translateKey } from './keys.js';
import { refuseUnknownCost } from './money/ask-first.js';
import { basisOf } from './money/basis.js';
import { DryBuyer } from './money/dry-buyer.js';
import {
  asTheyAre,
  type CostRange,
  type PlanTools,
  planTarget,
  planTranslatorBehind,
  planVoicesBehind,
  priceCalls,
} from './money/plan-costs.js';
import { planRecognition } from './money/plan-recognition.js';
import { amountIn, type MoneyTerms, usualTerms } from './money/terms.js';
import { type PlannedOutput, planOutputs, workFolderPath } from './outputs.js';
import { withinRange } from './range.js';
import { findFinished, withoutFinished } from './resuming/finished.js';

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
    const nothing = { outputs: [], stages: [], lines: 0, characters: 0, basis: [], cost: sumCosts([], usualTerms) };
    return { input: source.path, durationMs: source.durationMs, work: earlier.work, ...nothing, warnings: finished };
  }
  const { outputs, warnings } = await settleOutputs(job, source);
  const work = workFolderPath(job, outputs);
  const terms = job.money ?? usualTerms;
  const scratch = await mkdtemp(join(tmpdir(), 'dub-plan-'));
  try {
    return await planWithin(
      scratch,
      { job, source, outputs, warnings: [...finished, ...warnings], work, terms },
      tools,
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Planning {
  readonly job: DubJob;
  readonly source: Source;
  readonly outputs: readonly PlannedOutput[];
  readonly warnings: readonly string[];
  readonly work: string;
  readonly terms: MoneyTerms;
}

async function planWithin(scratch: string, planning: Planning, tools: RunTools): Promise<RunPlan> {
  const { job, source, outputs, work, terms } = planning;
  const warnings: string[] = [];
  const planTools = planToolsFor(scratch, planning, tools);
  const known = await readEarlier(planning, planTools, warnings);
  const script = known.script && withinRange(known.script, job.range);
  if (script) tellSpoken(job, script, (_, message) => warnings.push(message));
  const castPlan = await planCast(job, source.durationMs, { work, scratch }, tools);
  const targets = script ? job.targets.map((target) => withOwnWords(target, script)) : job.targets;
  const foresight = { job: { ...job, targets }, work, castPlan, ctx: planTools.contextWith(planTools.newBuyer()) };
  const stages = await planStages(foresight, { ...known, script }, planTools);
  return {
    input: source.path,
    durationMs: source.durationMs,
    work,
    outputs: outputs.map(({ target, path }) => ({ language: target.language, path })),
    stages,
    lines: script?.utterances.length,
    characters: script?.utterances.reduce((sum, utterance) => sum + [...utterance.text].length, 0),
    cost: sumCosts(stages, terms),
    basis: basisOf(stages, script, job, source.durationMs),
    warnings: [
      ...outputs.flatMap((output) => output.warning ?? []),
      ...planning.warnings,
      ...refusalOf(withCrews(job, castPlan.crews), terms),
      ...unusableOf(job),
      ...new Set(warnings),
    ],
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

/** Engines of a chain that the run would pass over. */
function unusableOf({ asr, storage, targets }: DubJob): string[] {
  const chains: readonly Chosen<unknown>[] = [
    asr,
    storage,
    ...targets.flatMap(({ translator, tts }) => [translator, tts]),
  ];
  const told = chains.flatMap(({ unusable = [] }) =>
    unusable.map(({ label, message }) => `${label} is passed over: ${message}`),
  );
  return [...new Set(told)];
}

/** Why a run would not begin: a ceiling that cannot be kept. */
function refusalOf(job: DubJob, terms: MoneyTerms): string[] {
  try {
    refuseUnknownCost(job, terms);
    return [];
  } catch (error) {
    if (!(error instanceof DubError)) throw error;
    return [`The run would be refused: ${error.message}`];
  }
}

/** What is known without doing anything that costs. */
interface Known {
  readonly soundtrack?: Soundtrack | undefined;
  /** True when the transcript is an earlier run's, not one just read from subtitles. */
  readonly transcriptKept: boolean;
  readonly script?: Script | undefined;
  /** What recognition would cost. */
  readonly recognition?: CostRange | undefined;
}

async function readEarlier({ job, source, work }: Planning, tools: PlanTools, warnings: string[]): Promise<Known> {
  const soundtrack = await readKept<Soundtrack>(work, 'extract', extractKey(job, source));
  const earlier = soundtrack && (await readKept<Transcript>(work, 'transcribe', await transcribeKey(job, soundtrack)));
  if (earlier) {
    const kept = await readKept<Script>(work, 'segment', segmentKey(earlier, source));
    return { soundtrack, transcriptKept: true, script: kept ?? segment(earlier, source.durationMs) };
  }
  if (job.asr.provider.limits.needsAudio) {
    const { transcript, cost } = await planRecognition(source, soundtrack, tools);
    const script = transcript && segment(transcript, source.durationMs);
    return { soundtrack, transcriptKept: false, script, recognition: cost };
  }
  const transcript = await readWithoutListening(job, source, tools, warnings);
  const recognition = priceCalls({ wanted: [], kept: 0 }, asTheyAre, tools);
  return { soundtrack, transcriptKept: false, script: segment(transcript, source.durationMs), recognition };
}

/** Subtitles are read at once: that costs nothing and needs no sound. */
function readWithoutListening(job: DubJob, source: Source, tools: PlanTools, warnings: string[]): Promise<Transcript> {
  const options = { label: job.asr.label, language: job.sourceLanguage, speakers: job.speakers };
  const ctx: StageContext = {
    ...tools.contextWith(tools.newBuyer()),
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    },
  };
  return transcribe(source, { durationMs: source.durationMs }, job.asr.provider, job.storage.provider, options, ctx);
}

/** Stages run with a scratch folder and a buyer that looks into the store and buys nothing. */
function planToolsFor(scratch: string, { job, source, terms }: Planning, tools: RunTools): PlanTools {
  const { signal, media } = tools;
  const stored = createBuyer({ store: openContentStore(job.cache), cashier: freeOfCharge, signal });
  const keeper = openContentStore(join(scratch, 'files'));
  return {
    ...{ job, source, terms },
    newBuyer: () => new DryBuyer(stored),
    contextWith: (buyer) => ({ signal, scratch, tools: media, keeper, buyer, emit: () => undefined }),
  };
}

async function planStages(foresight: Foresight, known: Known, tools: PlanTools): Promise<PlannedStage[]> {
  const { job, work } = foresight;
  const { script } = known;
  const recognition = known.transcriptKept ? nothingToPay : known.recognition;
  const hearing = asked('transcribe', job.asr, speechLeaves(job), recognition, tools.terms);
  const hearBy = async (asr: DubJob['asr']) =>
    (await planRecognition(tools.source, known.soundtrack, { ...tools, job: { ...job, asr } })).cost;
  const stages: PlannedStage[] = [
    here('extract', known.soundtrack !== undefined),
    { ...hearing, ...(await behind(hearing, job.asr, 'the speech track', tools, hearBy)) },
    here('segment', known.transcriptKept),
  ];
  for (const target of job.targets) {
    const { language } = target;
    const translation =
      script && (await readKept<Translation>(work, `translate.${language}`, await translateKey(target, script)));
    const casting = await foreseeCast(target, script, foresight);
    const costs = await planTarget({ target, script, translation, casting }, tools);
    const leaves = samplesLeave(casting);
    if (leaves !== undefined) stages.push({ ...here('cast', false), language, leaves });
    const translate = translation ? nothingToPay : costs.translate;
    const words = asked('translate', target.translator, 'the script', translate, tools.terms);
    const voices = asked(
      'synthesize',
      speakingOf(casting, target.tts),
      'the translation',
      costs.synthesize,
      tools.terms,
    );
    const known = { target, script, translation, casting };
    stages.push(
      {
        ...{ ...words, language },
        ...(await behind(words, target.translator, 'the script', tools, (one) =>
          planTranslatorBehind(known, one, tools),
        )),
      },
      {
        ...{ ...voices, language },
        ...(await behind(voices, target.tts, 'the translation', tools, (one) => planVoicesBehind(known, one, tools))),
      },
      ...['align', 'subtitle', 'mix', 'mux', 'check'].map((stage) => ({ ...here(stage, false), language })),
    );
  }
  return stages;
}

/** The sound goes to the recogniser, where that fetches it by way of the store. */
function speechLeaves({ asr, storage }: DubJob): string {
  const through = asr.provider.limits.needsUrl ? storage.provider.host : undefined;
  return through === undefined ? 'the speech track' : `the speech track (stored at ${through})`;
}

function here(stage: string, kept: boolean): PlannedStage {
  return { stage, action: kept ? 'keep' : 'run', cost: 0, currency: null };
}

/** Undefined where an earlier run has done it all. */
const nothingToPay = undefined;

/** Who is asked: one engine, or several as one. */
interface Asked {
  readonly label: string;
  readonly provider: { readonly host?: string | undefined };
}

/** Engines on this machine cost nothing; of a service whose price is not known the cost is unknown, which is not zero. */
function asked(
  stage: string,
  chosen: Asked,
  what: string,
  found: CostRange | undefined,
  { currency, rates }: MoneyTerms,
): PlannedStage {
  const { host } = chosen.provider;
  const keeps = found === undefined || (found.calls === 0 && found.kept > 0);
  const leaves = host === undefined || keeps ? undefined : `${what} to ${host}`;
  const row = { stage, provider: chosen.label, action: keeps ? ('keep' as const) : ('run' as const), leaves };
  if (found === undefined || host === undefined) return { ...row, cost: 0, currency: null };
  const into = (money: Money) => convertMoney(money, currency, rates);
  const range = { ...found, least: into(found.least), likely: into(found.likely), most: into(found.most) };
  const [[only, amount] = [null, 0], ...others] = Object.entries(range.likely);
  const isOne = range.priced && others.length === 0;
  return { ...row, cost: isOne ? amount : null, currency: isOne ? only : null, range };
}

/** The engines that speak for somebody, as one: a cast may name others than the target's own. */
function speakingOf({ cast, crew }: Casting, own: Chosen<TtsProvider>): Asked {
  const labels = new Set(Object.values(cast.members).map(({ provider }) => provider));
  const engines = labels.size === 0 ? [own] : [...labels].map((label) => crew.get(label) ?? own);
  const hosts = new Set(engines.flatMap(({ provider }) => provider.host ?? []));
  const host = hosts.size === 0 ? undefined : [...hosts].join(' and ');
  return { label: engines.map(({ label }) => label).join(', '), provider: { host } };
}

/** The engines behind the first, with what each would cost; nothing where the stage is kept. */
async function behind<Provider extends { readonly host?: string | undefined }>(
  { stage, action }: PlannedStage,
  { others = [] }: Chosen<Provider>,
  what: string,
  { terms }: PlanTools,
  price: (other: Chosen<Provider>) => Promise<CostRange>,
): Promise<Pick<PlannedStage, 'others'>> {
  if (others.length === 0 || action === 'keep') return {};
  const rows = [];
  for (const other of others) {
    const { provider, leaves, cost, currency, range } = asked(stage, other, what, await price(other), terms);
    rows.push({ provider, leaves, cost, currency, range });
  }
  return { others: rows };
}

/** The stages' costs together. */
function sumCosts(stages: readonly PlannedStage[], terms: MoneyTerms): PlannedCost {
  const sum = (which: 'least' | 'likely' | 'most') =>
    stages.reduce((money, { range }) => (range === undefined ? money : addMoney(money, range[which])), noMoney);
  const most = sum('most');
  const unknown = stages.filter(({ range }) => range?.priced === false).map(({ provider }) => provider ?? '');
  const { ceiling } = terms;
  const amount = amountIn({ money: most, priced: unknown.length === 0, units: [] }, terms);
  const limit = ceiling && {
    ...{ max: ceiling.max, currency: ceiling.currency },
    holds: amount !== undefined && amount <= ceiling.max,
  };
  return { least: sum('least'), likely: sum('likely'), most, unknown: [...new Set(unknown)], ceiling: limit };
}
