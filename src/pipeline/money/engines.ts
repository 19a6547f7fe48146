import type { BilledEngine } from '../../pricing/bill.js';
import type { ProviderBase } from '../../providers/contract.js';
import type { Chosen, DubJob } from '../job.js';

type Engine = Chosen<ProviderBase>;

/** What a bill needs to know of an engine of the job. */
export function toBilled({ label, provider }: Engine): BilledEngine {
  return { label, model: provider.billedModel, region: provider.region, local: provider.host === undefined };
}

/** The engine of the job that a stage asked; one that the job does not name is a service of which nothing is known. */
export function billedEngine(job: DubJob, stage: string, label: string): BilledEngine {
  const engines = [...enginesOf(job, stage), ...enginesOf(job, undefined)];
  const found = engines.find((engine) => engine.label === label) ?? engines.find((engine) => sameName(engine, label));
  return found === undefined ? { label, local: false } : { ...toBilled(found), label };
}

/** A stage names the model it asks behind the name: `qwen:qwen3-asr-flash`. */
function sameName(engine: Engine, label: string): boolean {
  return engine.label.split(':')[0] === label.split(':')[0];
}

/** The engines that a stage may ask; those of the whole job when the stage is none of these. */
function enginesOf(job: DubJob, stage: string | undefined): readonly Engine[] {
  const recognisers = [job.asr, ...(job.verify?.asr === undefined ? [] : [job.verify.asr])].flatMap(withOthers);
  const translators = job.targets.flatMap((target) => withOthers(target.translator));
  const voices = [...job.targets.flatMap((target) => withOthers(target.tts)), ...(job.castEngines ?? [])];
  switch (stage) {
    case 'transcribe':
      return recognisers;
    case 'translate':
    case 'adapt':
      return translators;
    case 'cast':
    case 'synthesize':
      return voices;
    default:
      return [...recognisers, ...translators, ...voices];
  }
}

/** An engine and those that take over from it. */
export function withOthers<Provider>(chosen: Chosen<Provider>): readonly Chosen<Provider>[] {
  return [chosen, ...(chosen.others ?? [])];
}
