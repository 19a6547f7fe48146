import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CastSample } from '../../domain/cast.js';
import { formatClock, type Span } from '../../domain/time.js';
import { DubError } from '../../errors.js';
import {
  requireCloning,
  requireFitting,
  requireSample,
  requireSpoken,
  requireVoice,
  type VoiceEngine,
  type WantedMember,
} from '../../stages/cast/index.js';
import { cutLengthMs } from '../../stages/cast/sample.js';
import type { DubJob, RunTools, Target } from '../job.js';
import { type CastEntry, type CastFile, clonedVoice, formatTimes, parseTimes, readCastFile } from './cast-file.js';
import type { Crew } from './crew.js';
import { isRecording, missingSample, readSample } from './samples.js';
import type { Wishes } from './wanted.js';
import { hasNewTimes, readEdits } from './work-cast.js';

/** What is known of the cast before anybody was heard. */
export interface CastPlan {
  /** What is asked for each target, by its language. */
  readonly wishes: ReadonlyMap<string, Wishes>;
  /** The voice engines of each target, by its language. */
  readonly crews: ReadonlyMap<string, Crew>;
}

/**
 * Reads what is asked for the cast (`--voice`, `--cast`, edits in the work folder's `cast.json`) and asks every engine
 * about it, before anything is paid.
 * @param programmeMs how long the film is: a sample cannot be cut from behind its end
 * @param folders the work folder; `scratch` is where samples are put that were converted
 * @throws USAGE for a voice that its engine does not have; PROVIDER_UNSUPPORTED for a sample that it cannot use;
 *   CONFIG_INVALID for a cast file that is none
 */
export async function planCast(
  job: DubJob,
  programmeMs: number,
  { work, scratch }: { readonly work: string; readonly scratch: string },
  tools: RunTools,
): Promise<CastPlan> {
  const reader = new WishReader(job, work, scratch, tools);
  const shared = job.castFile === undefined ? undefined : await readCastFile(job.castFile);
  const edits = await readEdits(work);
  const wishes = new Map<string, Wishes>();
  const crews = new Map<string, Crew>();
  for (const target of job.targets) {
    const wish = await reader.read(target, shared, edits);
    const crew = await gatherCrew(target, wish, job);
    wishes.set(target.language, wish);
    crews.set(target.language, crew);
    if (job.cloneVoices) requireCloning(engineFor(target, crew, undefined), '--voices clone');
    const engineOf = ({ provider }: WantedMember) => engineFor(target, crew, provider);
    for (const member of membersOf(wish)) await refuseUnfit(member, engineOf(member), programmeMs, tools.signal);
    if (job.voiceConsent === undefined)
      await refuseUnconsented(job.cloneVoices === true, wish, target, crew, tools.signal);
  }
  return { wishes, crews };
}

/** Reads wishes; a recording that several name is converted once. */
class WishReader {
  private readonly samples = new Map<string, Promise<CastSample>>();

  constructor(
    private readonly job: DubJob,
    private readonly work: string,
    private readonly scratch: string,
    private readonly tools: RunTools,
  ) {}

  async read(target: Target, shared: CastFile | undefined, edits: CastFile | undefined): Promise<Wishes> {
    const { '*': forAll, ...flagged } = await this.fromFlags(target);
    const files = [
      ...(shared === undefined ? [] : [await this.fromFile(shared, target, false)]),
      ...(edits === undefined ? [] : [await this.fromFile(edits, target, true)]),
    ];
    return { bySpeaker: [flagged, ...files], forAll };
  }

  private async fromFlags(target: Target): Promise<Record<string, WantedMember>> {
    const named: Record<string, WantedMember> = {};
    for (const [speaker, voice] of Object.entries(this.job.voices)) {
      const from = speaker === '*' ? `--voice ${voice}` : `--voice ${speaker}=${voice}`;
      if (voice === clonedVoice) named[speaker] = { from, clone: true };
      else if ((await isRecording(voice)) && !(await this.isVoice(voice, target)))
        named[speaker] = { from, sample: await this.sampleOf(resolve(voice)) };
      else named[speaker] = { from, voice };
    }
    return named;
  }

  private async fromFile(file: CastFile, target: Target, isOfWork: boolean): Promise<Record<string, WantedMember>> {
    const members: Record<string, WantedMember> = {};
    for (const [speaker, entry] of Object.entries(file.speakers)) {
      members[speaker] = await this.fromEntry(file, speaker, entry, target, isOfWork);
    }
    return members;
  }

  private async fromEntry(
    file: CastFile,
    speaker: string,
    entry: CastEntry,
    { language }: Target,
    isOfWork: boolean,
  ): Promise<WantedMember> {
    const { provider, gender, pitchHz, note, sample } = entry;
    const base = { from: `${file.name} for ${speaker}`, provider, gender, pitchHz, note };
    const spans = sample && 'times' in sample ? sample.times?.map((text) => parseTimes(text)!) : undefined;
    if (isOfWork && spans !== undefined && (await hasNewTimes(this.work, speaker, entry)))
      return { ...base, clone: true, spans };
    if (sample?.file !== undefined) {
      const found = await this.sampleOf(resolve(file.folder, sample.file));
      const text = 'text' in sample ? sample.text : undefined;
      return { ...base, sample: { ...found, spans, text } };
    }
    const voice = typeof entry.voice === 'string' ? entry.voice : entry.voice?.[language];
    return voice === clonedVoice ? { ...base, clone: true } : { ...base, voice };
  }

  private sampleOf(path: string): Promise<CastSample> {
    const known = this.samples.get(path);
    if (known !== undefined) return known;
    const read = stat(path).then(
      () => readSample(path, this.scratch, this.tools),
      () => Promise.reject(missingSample(path)),
    );
    this.samples.set(path, read);
    return read;
  }

  /** A path may be one on the engine's server, although there is such a file here too. */
  private async isVoice(path: string, { tts, language }: Target): Promise<boolean> {
    return (await tts.provider.voices(language, this.tools.signal)).some(({ name }) => name === path);
  }
}

function membersOf({ bySpeaker, forAll }: Wishes): WantedMember[] {
  return [...bySpeaker.flatMap((named) => Object.values(named)), ...(forAll === undefined ? [] : [forAll])];
}

/** The target's own engine first, then those that are named for single speakers. */
async function gatherCrew(target: Target, wishes: Wishes, job: DubJob): Promise<Crew> {
  const crew = new Map([[target.tts.label, target.tts]]);
  for (const { provider, from } of membersOf(wishes)) {
    if (provider === undefined || crew.has(provider)) continue;
    if (job.openTts === undefined) throw noOther(provider, from);
    crew.set(provider, await job.openTts(provider));
  }
  return crew;
}

async function refuseUnfit(
  member: WantedMember,
  engine: VoiceEngine,
  programmeMs: number,
  signal: AbortSignal,
): Promise<void> {
  const known = await requireSpoken(engine, signal);
  if (member.sample !== undefined) {
    await requireSample(member.sample, engine, member.from);
  } else if (member.clone) {
    requireCloning(engine, member.from);
    if (member.spans !== undefined) refuseUncuttable(member.spans, engine, member.from, programmeMs);
  } else if (member.voice !== undefined) {
    requireVoice(member.voice, known, engine, member.from);
  }
}

/** @throws CONFIG_INVALID for a stretch that the film does not have; PROVIDER_UNSUPPORTED for too much or too little */
function refuseUncuttable(spans: readonly Span[], engine: VoiceEngine, from: string, programmeMs: number): void {
  const outside = spans.find(({ endMs }) => endMs > programmeMs);
  if (outside !== undefined) {
    const ends = formatClock(programmeMs);
    throw new DubError('CONFIG_INVALID', `${from} has a sample at ${formatTimes(outside)}; the film ends at ${ends}.`, {
      hint: 'Give times within the film, or leave `times` out and have a sample found.',
    });
  }
  requireFitting({ durationMs: cutLengthMs(spans), bytes: 0 }, engine, from);
}

function engineFor(target: Target, crew: Crew, label: string | undefined) {
  const { label: own, provider } = crew.get(label ?? target.tts.label)!;
  return { label: own, provider, language: target.language };
}

function noOther(provider: string, from: string): DubError {
  return new DubError('USAGE', `${from} names the voice engine ${provider}, which this job cannot open.`, {
    hint: 'Name the engine of the job, or give the job `openTts`.',
  });
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
