import type { Config, LoadedConfig } from '../../config/config.js';
import { DubError } from '../../errors.js';
import { createRetryRelay, type RetryRelay } from '../../pipeline/engines/retries.js';
import type { RunEvent } from '../../pipeline/events.js';
import type { DubJob, RunTools } from '../../pipeline/job.js';
import type { ProviderTools } from '../../providers/contract.js';
import { type ServersInUse, withAfter } from '../after.js';
import type { Call } from '../call.js';
import { type ChoiceContext, castEngines, chooseEngines } from '../choosing/choose.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { settleInput } from '../inputs.js';
import { findTools } from '../media.js';
import { createTreasurer, type Treasurer } from '../money.js';
import { createReporter, type Reporter } from '../render/report.js';
import { canRedraw } from '../render/style.js';
import { renderSummary } from '../render/summary.js';
import { visible } from '../render/text.js';

/** `dub <input> --to …`: dubs one input; several are a batch. */
export async function runCommand(call: Call): Promise<number> {
  return eachInput(call, undefined);
}

/** `dub plan <input…> --to …`: the same as `--dry-run`. */
export async function planCommand(call: Call): Promise<number> {
  return eachInput(call, true);
}

async function eachInput(call: Call, plans: true | undefined): Promise<number> {
  const given = await call.loadConfig();
  const loaded = plans ? { ...given, config: { ...given.config, dryRun: true } } : given;
  const { config } = loaded;
  if (isBatch(call, config)) {
    const { runBatch } = await import('./batch.js');
    return runBatch(call, loaded, plans);
  }
  const input = await settleInput(call.line.operands[0], config, call.io.cwd);
  return dubInput(call, loaded, input, { plans: plans ?? config.dryRun });
}

/** What is to be done with an input instead of dubbing it. */
export interface InputMode {
  /** True to tell what would be done instead of doing it. */
  readonly plans: boolean;
  /** True to say which lines have changed and what they cost, and to stop there. */
  readonly shows?: boolean;
}

/** Dubs one input, or says what that would do. */
export async function dubInput(call: Call, loaded: LoadedConfig, input: string, mode: InputMode): Promise<number> {
  const { config } = loaded;
  const media = await findTools(config);
  const warn = (message: string) => {
    if (!config.quiet) call.say(`${call.errStyle.yellow('warning:')} ${visible(message)}\n`);
  };
  const treasurer = createTreasurer(config, call.io.batch);
  const run = { call, loaded, input, media, treasurer, mode };
  return withAfter(call, config, (servers) =>
    withProviderTools(call.io, (tools) => runInput({ ...run, tools, servers }), { cache: config.cache, warn }),
  );
}

/** Whether a call is about more than one file. */
function isBatch(call: Call, { files, shard, summary }: Config): boolean {
  return call.line.operands.length > 1 || [files, shard, summary].some((setting) => setting !== undefined);
}

interface InputRun {
  readonly call: Call;
  readonly loaded: LoadedConfig;
  readonly input: string;
  readonly media: RunTools['media'];
  readonly tools: ProviderTools;
  readonly servers: ServersInUse;
  readonly treasurer: Treasurer;
  readonly mode: InputMode;
}

async function runInput(run: InputRun): Promise<number> {
  const { call, loaded, media } = run;
  const reporter = await makeReporter(call, loaded.config);
  const seen: { run?: string; work?: string } = {};
  const sink = (event: RunEvent) => {
    seen.run = event.run;
    if (event.type === 'run-start') seen.work = event.work;
    reporter.event(event);
    if (call.json) call.printJson(event);
  };
  try {
    const retries = createRetryRelay();
    const tools: RunTools = { signal: call.signal, media, sink, retries };
    const engaged = await makeJob(run, retries);
    const job = { ...engaged, money: await run.treasurer(engaged), onlyShow: run.mode.shows };
    return run.mode.plans ? await plan(call, job, tools) : await dubAndTell(call, loaded.config, job, tools, reporter);
  } catch (error) {
    reporter.end();
    return call.fail(error, seen);
  } finally {
    reporter.end();
  }
}

async function makeReporter(call: Call, { quiet, verbose }: Config): Promise<Reporter> {
  const { stderr: stream, env } = call.io;
  const draws = !quiet && canRedraw(stream, env);
  const bars = draws ? await (await import('../render/bars.js')).createBars(stream) : undefined;
  return createReporter({ stream, style: call.errStyle, bars, quiet, verbose });
}

async function makeJob({ call, loaded, input, media, tools, servers }: InputRun, retries: RetryRelay): Promise<DubJob> {
  const { config } = loaded;
  const { cwd, platform } = call.io;
  const { signal } = call;
  const context: ChoiceContext = {
    ...{ input, loaded, media, tools, cwd, platform, signal, retries },
    say: (message) => config.quiet || call.say(`${visible(message)}\n`),
    noteServers: (hosts) => {
      for (const host of hosts) servers.add(host);
    },
  };
  const engines = await chooseEngines(context);
  if (!config.quiet && engines.rough.length > 0) {
    const are = engines.rough.length === 1 ? 'is' : 'are';
    call.say(`${engines.rough.join(' and ')} ${are} rough: for rehearsals, not for an audience.\n`);
  }
  if (!config.quiet && engines.picked.length > 0) call.say(`Chosen by --offline: ${engines.picked.join(', ')}\n`);
  const {
    output,
    work,
    cache,
    force,
    skipFinished,
    range,
    speakers,
    audioTrack,
    bed,
    duckDb,
    loudness,
    subtitles,
    keepOriginal,
    onLineFailure,
    adaptRounds,
    onOverflow,
    strict,
  } = config;
  const { asr, storage, otherStorages, targets, sourceLanguage, verifyAsr } = engines;
  const separator = separatorOf(config);
  const verify = config.verify === 'off' ? undefined : { mode: config.verify, asr: verifyAsr };
  const result = { bed, duckDb, loudness, subtitles, keepOriginal, onLineFailure, adaptRounds, onOverflow, strict };
  return {
    input,
    output,
    work,
    cache,
    force,
    skipFinished,
    sourceLanguage,
    asr,
    storage,
    otherStorages,
    targets,
    voices: config.voice,
    castFile: config.cast,
    ...castEngines(context),
    voiceConsent: config.voiceConsent,
    cloneVoices: config.voices === 'clone',
    deleteVoices: config.deleteVoices,
    range,
    speakers,
    audioTrack,
    ...result,
    separator,
    verify,
    fromStage: config.fromStage,
    cacheBytes: config.cacheSize,
    settings: loaded.remembered,
  };
}

async function dubAndTell(
  call: Call,
  config: Config,
  job: DubJob,
  tools: RunTools,
  reporter: Reporter,
): Promise<number> {
  const { dub } = await import('../../pipeline/run.js');
  const summary = await dub(job, tools);
  reporter.end();
  if (!config.quiet && !job.onlyShow) call.say(renderSummary(summary, call.errStyle));
  if (!call.json) for (const output of summary.outputs) call.print(`${output.path}\n`);
  return summary.exit;
}

async function plan(call: Call, job: DubJob, tools: RunTools): Promise<number> {
  const [{ planRun }, { renderPlan }] = await Promise.all([
    import('../../pipeline/plan.js'),
    import('../render/plan.js'),
  ]);
  const startedAt = performance.now();
  const found = await planRun(job, tools);
  if (!call.json) {
    call.print(renderPlan(found, call.outStyle));
    return 0;
  }
  const { randomUUID } = await import('node:crypto');
  const common = { v: 1, time: new Date().toISOString(), run: randomUUID() };
  call.printJson({ ...common, type: 'plan', ...found });
  const ms = Math.round(performance.now() - startedAt);
  call.printJson({ ...common, type: 'summary', exit: 0, input: found.input, work: found.work, outputs: [], ms });
  return 0;
}

/** @throws USAGE for a separated bed without a program or model that separates */
function separatorOf({ bed, separator: by, separatorFallback: fallback }: Config) {
  if (bed !== 'separate') return undefined;
  if (by !== undefined) return { by, fallback };
  throw new DubError('USAGE', '--bed separate needs a program or a model that takes the speech out of the sound.', {
    hint: "Name it, for example: --separator 'demucs --two-stems vocals -o {out} {in}' (pipx install demucs), or --separator model.onnx.",
  });
}
