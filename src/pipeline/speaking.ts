import type { Cast, TranslatedLine } from '../domain/script.js';
import type { Takes } from '../domain/timeline.js';
import { DubError } from '../errors.js';
import { cast } from '../stages/cast.js';
import type { StageContext } from '../stages/context.js';
import { synthesize, type Understudy } from '../stages/synthesize.js';
import type { TargetWork } from './work.js';

/** Voices lines by the target's engine alone: a line that has a voice gets no other one only to fit better. */
export function speakByFirst(
  work: TargetWork,
  lines: AsyncIterable<TranslatedLine>,
  casting: Cast,
  ctx: StageContext,
): Promise<Takes> {
  const { provider, label } = work.output.target.tts;
  return synthesize(work.shared.script, lines, casting, provider, { language: work.language, label }, ctx);
}

/** Voices lines by the target's engine, and by those behind it in the chain where it cannot and the cast allows it. */
export async function speakLines(
  work: TargetWork,
  lines: AsyncIterable<TranslatedLine>,
  casting: Cast,
  ctx: StageContext,
): Promise<Takes> {
  const { provider, label } = work.output.target.tts;
  const understudies = await findUnderstudies(work, ctx);
  const options = { language: work.language, label, understudies };
  return synthesize(work.shared.script, lines, casting, provider, options, ctx);
}

/** The engines behind the first with the voices they would use; a speaker whose voice the user named has no other. */
async function findUnderstudies(work: TargetWork, ctx: StageContext): Promise<readonly Understudy[]> {
  const { job, language, shared } = work;
  const { others = [] } = work.output.target.tts;
  const named = new Set(Object.keys(job.voices));
  const free = (speaker: string) => !named.has('*') && !named.has(speaker);
  const found: Understudy[] = [];
  for (const { label, provider } of others) {
    try {
      const { voices } = await cast(
        shared.script,
        provider,
        { language, label, voices: {} },
        { ...ctx, emit: () => undefined },
      );
      const allowed = Object.entries(voices).filter(([speaker]) => free(speaker));
      found.push({ label, provider, voices: Object.fromEntries(allowed) });
    } catch (error) {
      if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
      const message = `${label} cannot take over lines that ${work.output.target.tts.label} cannot voice: ${error.message}`;
      ctx.emit({ type: 'warning', stage: 'synthesize', message });
    }
  }
  return found;
}
