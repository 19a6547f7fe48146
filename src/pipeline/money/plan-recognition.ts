import type { Soundtrack, Source } from '../../domain/source.js';
import type { Transcript } from '../../domain/transcript.js';
import { DubError } from '../../errors.js';
import { transcribe } from '../../stages/transcribe.js';
import { recognitionScope } from '../keys.js';
import { asTheyAre, type CostRange, type PlanTools, priceCalls } from './plan-costs.js';

/** Some models bill the seconds of speech that they find, not those of the sound. */
const speechOnlyAtLeast = 0.5;

/** What recognition would cost, and what it gave when that is paid for already. */
export interface PlannedRecognition {
  readonly cost: CostRange;
  readonly transcript: Transcript | undefined;
}

/**
 * Looks whether the recognition is kept in the store, where the sound is known; else counts the seconds of the film.
 * @param soundtrack an earlier run's
 */
export async function planRecognition(
  source: Source,
  soundtrack: Soundtrack | undefined,
  tools: PlanTools,
): Promise<PlannedRecognition> {
  const { job } = tools;
  const buyer = tools.newBuyer();
  if (soundtrack?.speechPath !== undefined) {
    const { asr, storage, sourceLanguage: language, speakers } = job;
    const options = { label: asr.label, language, speakers, shapedBy: await recognitionScope(job, soundtrack) };
    try {
      const ctx = tools.contextWith(buyer);
      const transcript = await transcribe(source, soundtrack, asr.provider, storage.provider, options, ctx);
      return { transcript, cost: priceCalls(buyer, asTheyAre, tools) };
    } catch (error) {
      // Not kept: the buyer has noted what would be asked.
      if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    }
  }
  const wanted = buyer.wanted.length > 0 ? buyer.wanted : [wholeFilm(source, tools)];
  const factors = { ...asTheyAre, least: speechOnlyAtLeast };
  return { transcript: undefined, cost: priceCalls({ wanted, kept: buyer.kept }, factors, tools) };
}

function wholeFilm({ durationMs }: Source, { job }: PlanTools) {
  const { asr, storage, sourceLanguage: language, speakers } = job;
  const model = asr.provider.choose?.({ language, speakers, canPublish: storage.provider.stores }).model;
  const seconds = [{ unit: 'second', count: Math.ceil(durationMs / 1000), model }] as const;
  return { stage: 'transcribe', provider: asr.label, likely: seconds, most: seconds };
}
