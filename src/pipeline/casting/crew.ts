import type { Cast } from '../../domain/cast.js';
import type { TtsProvider } from '../../providers/tts/contract.js';
import type { Company } from '../../stages/synthesize.js';
import type { Chosen, DubJob } from '../job.js';

/** The voice engines of a target, by label: its own first, then those that the cast names besides. */
export type Crew = ReadonlyMap<string, Chosen<TtsProvider>>;

/** Who speaks for whom, and the engines it takes. */
export interface Casting extends Company {
  readonly crew: Crew;
}

/** A cast and the engines of its crew. */
export function castingOf(cast: Cast, crew: Crew): Casting {
  return { cast, crew, engines: providersOf(crew) };
}

/** The providers of a crew, by label. */
export function providersOf(crew: Crew): ReadonlyMap<string, TtsProvider> {
  return new Map([...crew].map(([label, { provider }]) => [label, provider]));
}

/** The job with a target for each engine of its casts: for what is asked of every engine that may be paid. */
export function withCrews(job: DubJob, crews: ReadonlyMap<string, Crew>): DubJob {
  const targets = job.targets.flatMap((target) =>
    [...(crews.get(target.language)?.values() ?? [target.tts])].map((tts) => ({ ...target, tts })),
  );
  return { ...job, targets };
}

/** What each speaker's voice is called. */
export function voiceNames({ members }: Cast): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(members).map(([speaker, { voice }]) => [speaker, voice]));
}
