import type { Cast, CastMember } from '../../domain/cast.js';
import type { TtsProvider, VoiceEnrolment } from '../../providers/tts/contract.js';
import type { Buyer } from '../../stages/context.js';
import { rememberedVoices } from '../../stages/synthesize.js';
import type { WorkFolder } from '../../workspace/folder.js';
import type { DubJob } from '../job.js';
import { countOf } from '../readable.js';
import type { Session } from '../session.js';
import { providersOf } from './crew.js';
import type { CastPlan } from './plan.js';

const stage = 'delete-voices';

/** Deletes the cloned voices of the casts that services keep, and tells which. A later run makes them anew. */
export async function deleteVoices(job: DubJob, plan: CastPlan, session: Session): Promise<void> {
  await session.stage(
    { stage },
    async (ctx) => {
      const deleted: string[] = [];
      for (const { provider, members } of await clonesOf(job, plan, session.folder)) {
        for (const voice of await keptFor(members, provider, session.folder, ctx)) {
          await (provider.enrolment ?? provider.uploads)!.delete(voice, ctx.signal);
          deleted.push(voice);
          await noteDeleted([voice], session.folder);
        }
        for (const server of provider.uploads?.undeletable ?? []) {
          const message = `${server} keeps the voice samples it was sent as files, and has no way to delete them.`;
          session.emit({ type: 'warning', stage, message });
        }
      }
      return { value: deleted, kept: false };
    },
    (voices) => countOf(voices.length, 'voice'),
  );
}

/**
 * Says which cloned voices are left after a run that did not end well: the same command needs them, and a later run that
 * ends well deletes them. Nobody is asked, since a service may be what failed.
 */
export async function tellVoicesLeft(job: DubJob, plan: CastPlan, session: Session): Promise<void> {
  for (const { label, provider, members } of await clonesOf(job, plan, session.folder)) {
    const { enrolment, uploads } = provider;
    const left =
      enrolment === undefined
        ? uploads!.used
        : await enrolledFor(members, enrolment, { folder: session.folder, buyer: session.kept });
    if (left.length === 0) continue;
    const names = left.join(' ');
    const message = `Cloned voices stay at ${provider.host ?? label}, and the same command goes on with them: ${left.join(', ')}. It deletes them when it ends well; \`dub voices delete ${names} --tts ${label}\` deletes them now.`;
    session.emit({ type: 'warning', stage, message });
  }
}

/** The cloned speakers of one engine. */
interface Clones {
  readonly label: string;
  readonly provider: TtsProvider;
  readonly members: readonly CastMember[];
}

/** Engines that keep voices, with those they have cloned for any target of the job. */
async function clonesOf({ targets }: DubJob, { crews }: CastPlan, folder: WorkFolder): Promise<readonly Clones[]> {
  const casts = await Promise.all(targets.map(({ language }) => folder.read<Cast>(`cast.${language}`)));
  const cloned = casts.flatMap((cast) => Object.values(cast?.members ?? {})).filter(({ sample }) => sample);
  const engines = new Map([...crews.values()].flatMap((crew) => [...providersOf(crew)]));
  return [...engines].flatMap(([label, provider]) => {
    const members = cloned.filter((member) => member.provider === label);
    const keeps = provider.enrolment !== undefined || provider.uploads !== undefined;
    return keeps && members.length > 0 ? [{ label, provider, members }] : [];
  });
}

/** What an engine keeps of its clones. */
async function keptFor(
  members: readonly CastMember[],
  { enrolment, uploads }: TtsProvider,
  folder: WorkFolder,
  { buyer, signal }: { readonly buyer: Buyer; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  if (enrolment !== undefined) return enrolledFor(members, enrolment, { folder, buyer });
  const there = new Set((await uploads!.list(signal)).map(({ voice }) => voice));
  const names = new Set(members.map(({ sample }) => uploads!.nameOf(sample!)));
  return [...names].filter((name) => there.has(name));
}

/** Voices that were enrolled for samples and not deleted since, as far as the work folder knows. */
async function enrolledFor(
  members: readonly CastMember[],
  enrolment: VoiceEnrolment,
  { folder, buyer }: { readonly folder: WorkFolder; readonly buyer: Pick<Buyer, 'find'> },
): Promise<string[]> {
  const gone = await readDeleted(folder);
  const found = await Promise.all(members.map(({ sample }) => rememberedVoices(sample!, enrolment, { buyer })));
  return [...new Set(found.flat())].filter((voice) => !gone.includes(voice));
}

const artefact = 'voices-deleted';

async function readDeleted(folder: WorkFolder): Promise<readonly string[]> {
  return (await folder.read<readonly string[]>(artefact)) ?? [];
}

async function noteDeleted(voices: readonly string[], folder: WorkFolder): Promise<void> {
  await folder.keep(artefact, 'last run', [...new Set([...(await readDeleted(folder)), ...voices])]);
}
