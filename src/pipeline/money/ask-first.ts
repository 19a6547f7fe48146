import { billFor } from '../../pricing/bill.js';
import type { Units } from '../../providers/contract.js';
import type { Chosen, DubJob } from '../job.js';
import { toBilled, withOthers } from './engines.js';
import { amountIn, type MoneyTerms, unknownCost } from './terms.js';

/**
 * Refuses a job under a ceiling when the price of something it asks is unknown, before anything is paid.
 * @throws COST_UNKNOWN with every engine concerned
 */
export function refuseUnknownCost(job: DubJob, terms: MoneyTerms): void {
  if (terms.ceiling === undefined || terms.allowUnknown) return;
  const unknown = sampleCalls(job).filter(({ engine, units }) => {
    const bill = billFor(terms.prices, toBilled(engine), units);
    return !toBilled(engine).local && amountIn(bill, terms) === undefined;
  });
  if (unknown.length > 0) throw unknownCost([...new Set(unknown.map(({ engine }) => engine.label))], terms);
}

/** The currencies in which the job's services are billed, as far as their prices are known. */
export function currenciesOf(job: DubJob, { prices }: MoneyTerms): string[] {
  const bills = sampleCalls(job).map(({ engine, units }) => billFor(prices, toBilled(engine), units));
  return [...new Set(bills.flatMap(({ money }) => Object.keys(money)))].sort();
}

interface SampleCall {
  readonly engine: Chosen<Parameters<typeof toBilled>[0]['provider']>;
  readonly units: readonly Units[];
}

/** One small call of each kind that the job may make. */
function sampleCalls(job: DubJob): SampleCall[] {
  const { sourceLanguage: language, speakers } = job;
  const model = (asr: DubJob['asr']) =>
    asr.provider.choose?.({ language, speakers, canPublish: job.storage.provider.stores }).model;
  return [
    ...withOthers(job.asr).map((asr) => ({
      engine: asr,
      units: [{ unit: 'second', count: 1, model: model(asr) } as const],
    })),
    ...job.targets.flatMap(({ language: target, translator, tts }) => [
      ...withOthers(translator).map((one) => ({
        engine: one,
        units: sampleTranslation(one, language ?? 'en', target),
      })),
      ...withOthers(tts).map((one) => ({ engine: one, units: sampleSpeech(one, target) })),
      ...(job.cloneVoices && tts.provider.enrolment ? [{ engine: tts, units: [aVoice] }] : []),
    ]),
  ];
}

/** What a clone that the service keeps under a name is billed by. */
const aVoice: Units = { unit: 'voice', count: 1 };

function sampleTranslation({ provider }: DubJob['targets'][number]['translator'], source: string, target: string) {
  const line = { id: 'u1', text: 'Hello.', speaker: 'A', startMs: 0, endMs: 1000, segmentIds: [] };
  return provider.estimate?.({ source, target, lines: [line] }).likely ?? [];
}

function sampleSpeech({ provider }: DubJob['targets'][number]['tts'], language: string): readonly Units[] {
  const request = { text: 'Hello.', language, voice: '' };
  return provider.estimate?.(request).likely ?? [{ unit: 'character', count: 6 }];
}
