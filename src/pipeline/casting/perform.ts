import type { Cast } from '../../domain/cast.js';
import type { Span } from '../../domain/time.js';
import { describeSample } from '../../stages/cast/convert.js';
import { cast, requireCloning, requireSample, type VoiceEngine } from '../../stages/cast/index.js';
import { measurePitches, type ReadSound, soundOf, speakersOf } from '../../stages/cast/listen.js';
import type { StageContext } from '../../stages/context.js';
import { castKey } from '../keys.js';
import { type TargetWork, warn } from '../work.js';
import { type Casting, type Crew, castingOf, providersOf } from './crew.js';
import { sampleAt, sampleFromSource } from './source-sample.js';
import { refuseUnknownSpeakers, wantedFor } from './wanted.js';
import { writeCast } from './work-cast.js';

/** Casts every speaker of one target. */
export async function castVoices(work: TargetWork): Promise<Casting> {
  const { job, session, language, shared, castPlan } = work;
  const crew = castPlan.crews.get(language)!;
  const speakers = speakersOf(shared.script);
  refuseUnknownSpeakers(speakers, job.voices);
  const wanted = wantedFor(speakers, castPlan.wishes.get(language)!);
  const clone = job.cloneVoices === true;
  const { fingerprint } = shared.source;
  const given = await castKey(work.output.target, crew, { speakers, wanted, clone, sound: fingerprint });
  const made = await session.stage(
    { stage: 'cast', language },
    (ctx) => session.folder.once(`cast.${language}`, given, () => castAll(work, crew, speakers, ctx), samplesStand),
    describeCast,
  );
  await writeCast(made, language, session);
  tellOfCloning(work, made, crew);
  return castingOf(made, crew);
}

async function castAll(work: TargetWork, crew: Crew, speakers: readonly string[], ctx: StageContext): Promise<Cast> {
  const { job, language, castPlan, shared } = work;
  const read = soundOf(shared.source, shared.soundtrack, ctx);
  const wanted = wantedFor(speakers, castPlan.wishes.get(language)!);
  const options = {
    ...{ language, label: work.output.target.tts.label, engines: providersOf(crew) },
    ...{ wanted, clone: job.cloneVoices === true },
    pitches: await pitchesOf(work, read),
    previous: (await work.session.folder.read<Cast>(`cast.${language}`))?.members,
    async findSample(speaker: string, engine: VoiceEngine, spans?: readonly Span[]) {
      if (spans !== undefined) {
        const sample = await sampleAt(work, speaker, spans, read);
        await requireSample(sample, engine, wanted[speaker]!.from);
        return sample;
      }
      return sampleFromSource(work, speaker, requireCloning(engine, '--voices clone'), read);
    },
  };
  return cast(speakers, options, ctx);
}

/** Measured once for a film and its script. */
async function pitchesOf({ session, shared }: TargetWork, read: ReadSound): Promise<ReadonlyMap<string, number>> {
  const { value } = await session.folder.once(
    'pitches',
    { v: 1, sound: shared.source.fingerprint, stream: shared.soundtrack.streamIndex, script: shared.script },
    async () => [...(await measurePitches(shared.script, read))],
  );
  return new Map(value);
}

/** A sample that was replaced or is gone makes the cast anew. */
async function samplesStand({ members }: Cast): Promise<boolean> {
  const samples = Object.values(members).flatMap(({ sample }) => sample ?? []);
  const standing = await Promise.all(samples.map(({ path }) => describeSample(path).catch(() => undefined)));
  return standing.every((found, index) => found?.sha256 === samples[index]!.sha256);
}

/** Whose voice is cloned has a say in it. */
function tellOfCloning(work: TargetWork, { members }: Cast, crew: Crew): void {
  const cloned = Object.entries(members).filter(([, member]) => member.sample !== undefined);
  if (cloned.length === 0 || work.job.voiceConsent !== undefined) return;
  const who = cloned.map(([speaker]) => speaker).join(', ');
  const hosts = [...new Set(cloned.map(([, { provider }]) => crew.get(provider)!.provider.host ?? 'this machine'))];
  const message = `Cloned voices: ${who}; their samples go to ${hosts.join(', ')}. Have the consent of those who speak, and say so with --voice-consent TEXT.`;
  warn(work, 'cast', message);
}

function describeCast({ members }: Cast): string {
  return Object.entries(members)
    .map(([speaker, { voice, sample }]) => `${speaker}: ${sample === undefined ? voice : 'cloned'}`)
    .join(', ');
}
