import type { Cast, CastMember, CastSample } from '../../domain/cast.js';
import type { Script } from '../../domain/script.js';
import { DubError } from '../../errors.js';
import { cast } from '../../stages/cast/index.js';
import { speakersOf } from '../../stages/cast/listen.js';
import type { StageContext } from '../../stages/context.js';
import { readArtefact } from '../../workspace/folder.js';
import type { DubJob, Target } from '../job.js';
import { type Casting, castingOf } from './crew.js';
import type { CastPlan } from './plan.js';
import { wantedFor } from './wanted.js';

/** What a plan looks at to tell who will speak. */
export interface Foresight {
  readonly job: DubJob;
  /** The work folder of the run. */
  readonly work: string;
  readonly castPlan: CastPlan;
  readonly ctx: StageContext;
}

/**
 * The voices as a run would choose them, as far as that is known without listening: an earlier run's, else the engine's
 * first ones, a sample that is not cut yet for each speaker who is to be cloned.
 * @param script undefined before recognition: then one speaker is assumed
 */
export async function foreseeCast(
  { language, tts }: Target,
  script: Script | undefined,
  { job, work, castPlan, ctx }: Foresight,
): Promise<Casting> {
  const crew = castPlan.crews.get(language)!;
  const earlier = (await readArtefact<Cast>(work, `cast.${language}`))?.members ?? {};
  const speakers = script === undefined ? ['A'] : speakersOf(script);
  const members = Object.entries(earlier);
  const options = {
    ...{ language, label: tts.label, engines: castingOf({ members: {} }, crew).engines },
    ...{
      wanted: wantedFor(speakers, castPlan.wishes.get(language)!),
      clone: job.cloneVoices === true,
      previous: earlier,
    },
    pitches: new Map(
      members.flatMap(([speaker, { pitchHz }]) => (pitchHz === undefined ? [] : [[speaker, pitchHz] as const])),
    ),
    findSample: async (speaker: string): Promise<CastSample> => earlier[speaker]?.sample ?? unheard(speaker),
  };
  try {
    return castingOf(await cast(speakers, options, { ...ctx, emit: () => undefined }), crew);
  } catch (error) {
    // A wrong voice is the run's to refuse.
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    const nobody: CastMember = { provider: tts.label, voice: '' };
    return castingOf({ members: Object.fromEntries(speakers.map((speaker) => [speaker, nobody])) }, crew);
  }
}

/** What leaves this machine to make the voices; undefined when nothing does. */
export function samplesLeave({ cast: { members }, engines }: Casting): string | undefined {
  const cloned = Object.values(members).filter(({ sample }) => sample !== undefined);
  const hosts = new Set(cloned.flatMap(({ provider }) => engines.get(provider)?.host ?? []));
  return hosts.size === 0 ? undefined : `voice samples of ${cloned.length} to ${[...hosts].join(', ')}`;
}

function unheard(speaker: string): CastSample {
  return { path: '', sha256: `not cut yet: ${speaker}`, durationMs: 0 };
}
