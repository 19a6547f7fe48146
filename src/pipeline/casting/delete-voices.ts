import type { Cast } from '../../domain/cast.js';
import { rememberedVoices } from '../../stages/synthesize.js';
import type { DubJob } from '../job.js';
import { countOf } from '../readable.js';
import type { Session } from '../session.js';
import type { CastPlan } from './plan.js';

/** Deletes the cloned voices of the casts that services keep, and tells which. A later run makes them anew. */
export async function deleteVoices(job: DubJob, { crews }: CastPlan, session: Session): Promise<void> {
  await session.stage(
    { stage: 'delete-voices' },
    async (ctx) => {
      const deleted = new Set<string>();
      for (const { language } of job.targets) {
        const cast = await session.folder.read<Cast>(`cast.${language}`);
        for (const { provider, sample } of Object.values(cast?.members ?? {})) {
          const enrolment = crews.get(language)?.get(provider)?.provider.enrolment;
          if (enrolment === undefined || sample === undefined) continue;
          for (const voice of await rememberedVoices(sample, enrolment, ctx)) {
            if (!deleted.has(voice)) await enrolment.delete(voice, ctx.signal);
            deleted.add(voice);
          }
        }
      }
      return { value: [...deleted], kept: false };
    },
    (voices) => countOf(voices.length, 'voice'),
  );
}
