import type { TranslatedLine } from '../../domain/script.js';
import type { Takes } from '../../domain/timeline.js';
import { DubError } from '../../errors.js';
import { cast } from '../../stages/cast/index.js';
import type { StageContext } from '../../stages/context.js';
import { type Company, synthesize } from '../../stages/synthesize.js';
import type { Casting } from '../casting/crew.js';
import { wantedFor } from '../casting/wanted.js';
import type { TargetWork } from '../work.js';

/** Voices lines by the cast alone: a line that has a voice gets no other one only to fit better. */
export function speakByFirst(
  work: TargetWork,
  lines: AsyncIterable<TranslatedLine>,
  casting: Casting,
  ctx: StageContext,
): Promise<Takes> {
  const options = { language: work.language, consent: work.job.voiceConsent };
  return synthesize(work.shared.script, lines, casting, options, ctx);
}

/** Voices lines by the cast, and by the engines behind the target's own where it cannot and the cast allows it. */
export async function speakLines(
  work: TargetWork,
  lines: AsyncIterable<TranslatedLine>,
  casting: Casting,
  ctx: StageContext,
): Promise<Takes> {
  const understudies = await findUnderstudies(work, casting, ctx);
  const options = { language: work.language, consent: work.job.voiceConsent, understudies };
  return synthesize(work.shared.script, lines, casting, options, ctx);
}

/** The engines behind the first with the voices they would use; a speaker whose voice the user named has no other. */
async function findUnderstudies(work: TargetWork, casting: Casting, ctx: StageContext): Promise<readonly Company[]> {
  const { language } = work;
  const { others = [] } = work.output.target.tts;
  const free = freeSpeakers(work, casting);
  const found: Company[] = [];
  for (const { label, provider } of others) {
    const engines = new Map([[label, provider]]);
    const asked = { wanted: {}, clone: false, pitches: pitchesOf(casting), findSample: async () => undefined };
    try {
      const understudy = await cast(free, { language, label, engines, ...asked }, { ...ctx, emit: () => undefined });
      found.push({ cast: understudy, engines });
    } catch (error) {
      if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
      const message = `${label} cannot take over lines that ${work.output.target.tts.label} cannot voice: ${error.message}`;
      ctx.emit({ type: 'warning', stage: 'synthesize', message });
    }
  }
  return found;
}

function freeSpeakers({ castPlan, language }: TargetWork, { cast: { members } }: Casting): string[] {
  const speakers = Object.keys(members);
  const wanted = wantedFor(speakers, castPlan.wishes.get(language)!);
  return speakers.filter((speaker) => wanted[speaker]?.voice === undefined && wanted[speaker]?.sample === undefined);
}

function pitchesOf({ cast: { members } }: Casting): ReadonlyMap<string, number> {
  const measured = Object.entries(members).flatMap(([speaker, { pitchHz }]) =>
    pitchHz === undefined ? [] : [[speaker, pitchHz] as const],
  );
  return new Map(measured);
}
