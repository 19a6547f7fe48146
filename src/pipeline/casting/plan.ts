import { stat } from 'node:fs/promises';
import { DubError } from '../../errors.js';
import {
  checkSample,
  requireCloning,
  requireSpoken,
  requireVoice,
  type WantedMember,
} from '../../stages/cast/index.js';
import type { DubJob, RunTools, Target } from '../job.js';
import type { Crew } from './crew.js';
import { isRecording, readSample } from './samples.js';
import type { Wishes } from './wanted.js';

/** What is known of the cast before anybody was heard. */
export interface CastPlan {
  readonly wishes: Wishes;
  /** The voice engines of each target, by its language. */
  readonly crews: ReadonlyMap<string, Crew>;
}

/**
 * Reads what is asked for the cast and asks every engine about it, before anything is paid.
 * @param work the work folder, for samples
 * @throws USAGE for a voice that its engine does not have; PROVIDER_UNSUPPORTED for a sample that it cannot use
 */
export async function planCast(job: DubJob, work: string, tools: RunTools): Promise<CastPlan> {
  const wishes = await readWishes(job, work, tools);
  const crews = new Map<string, Crew>();
  for (const target of job.targets) {
    const crew = await gatherCrew(target, wishes, job);
    crews.set(target.language, crew);
    if (job.cloneVoices) requireCloning(engineFor(target, crew, undefined), '--voices clone');
    for (const member of membersOf(wishes)) await refuseUnfit(member, target, crew, tools.signal);
    if (job.voiceConsent === undefined)
      await refuseUnconsented(job.cloneVoices === true, wishes, target, crew, tools.signal);
  }
  return { wishes, crews };
}

async function readWishes(job: DubJob, work: string, tools: RunTools): Promise<Wishes> {
  const named: Record<string, WantedMember> = {};
  for (const [speaker, voice] of Object.entries(job.voices)) {
    const from = speaker === '*' ? `--voice ${voice}` : `--voice ${speaker}=${voice}`;
    const isSample = (await isRecording(voice)) && !(await isVoice(voice, job, tools.signal));
    named[speaker] = { from, ...(isSample ? { sample: await readSample(voice, work, tools) } : { voice }) };
  }
  const { '*': forAll, ...bySpeaker } = named;
  return { bySpeaker: [bySpeaker], forAll };
}

/** A path may be one on the engine's server, although there is such a file here too. */
async function isVoice(path: string, job: DubJob, signal: AbortSignal): Promise<boolean> {
  const { tts, language } = job.targets[0]!;
  return (await tts.provider.voices(language, signal)).some(({ name }) => name === path);
}

function membersOf({ bySpeaker, forAll }: Wishes): WantedMember[] {
  return [...bySpeaker.flatMap((named) => Object.values(named)), ...(forAll === undefined ? [] : [forAll])];
}

/** The target's own engine first, then those that are named for single speakers. */
async function gatherCrew(target: Target, wishes: Wishes, job: DubJob): Promise<Crew> {
  const crew = new Map([[target.tts.label, target.tts]]);
  for (const { provider } of membersOf(wishes)) {
    if (provider === undefined || crew.has(provider)) continue;
    crew.set(provider, await job.openTts!(provider));
  }
  return crew;
}

async function refuseUnfit(member: WantedMember, target: Target, crew: Crew, signal: AbortSignal): Promise<void> {
  const engine = engineFor(target, crew, member.provider);
  const known = await requireSpoken(engine, signal);
  if (member.sample !== undefined) {
    const limits = requireCloning(engine, member.from);
    const { size: bytes } = await stat(member.sample.path);
    checkSample({ ...member.sample, bytes }, limits, engine.label, member.from);
  } else if (member.clone) {
    requireCloning(engine, member.from);
  } else if (member.voice !== undefined) {
    requireVoice(member.voice, known, engine, member.from);
  }
}

function engineFor(target: Target, crew: Crew, label: string | undefined) {
  const { label: own, provider } = crew.get(label ?? target.tts.label)!;
  return { label: own, provider, language: target.language };
}

/** Voices are cloned where that is asked for, and where an engine has no others. */
async function refuseUnconsented(
  clonesAll: boolean,
  wishes: Wishes,
  target: Target,
  crew: Crew,
  signal: AbortSignal,
): Promise<void> {
  const members = membersOf(wishes);
  for (const label of crew.keys()) {
    const engine = engineFor(target, crew, label);
    if (engine.provider.limits.sample?.needsConsent !== true) continue;
    const own = members.filter(({ provider }) => (provider ?? target.tts.label) === label);
    const isAsked = clonesAll || own.some(({ sample, clone }) => sample !== undefined || clone === true);
    if (!isAsked && (await requireSpoken(engine, signal)).length > 0) continue;
    throw new DubError(
      'PROVIDER_UNSUPPORTED',
      `${label} clones a voice only with the speaker's consent, and none is given.`,
      {
        hint: 'If those who speak agree, say so with --voice-consent TEXT, for example an id of the signed form.',
      },
    );
  }
}
