import type { Cast, CastMember, CastSample, VoiceGender } from '../../domain/cast.js';
import type { Span } from '../../domain/time.js';
import { DubError } from '../../errors.js';
import type { TtsProvider, Voice } from '../../providers/tts/contract.js';
import type { StageContext } from '../context.js';
import { assignVoices, genderOfPitch } from './assign.js';
import { requireCloning, requireSpoken, requireVoice, type VoiceEngine } from './voices.js';

export {
  requireCloning,
  requireFitting,
  requireSample,
  requireSpoken,
  requireVoice,
  type VoiceEngine,
} from './voices.js';

/** What is asked for a speaker; everything that is not is chosen. */
export interface WantedMember {
  /** Who asks, for messages: `--voice A=…`, `cast.json`. */
  readonly from: string;
  /** Label of an engine; the target's own when undefined. */
  readonly provider?: string | undefined;
  readonly voice?: string | undefined;
  readonly sample?: CastSample | undefined;
  /** True: cloned from the source. */
  readonly clone?: boolean | undefined;
  /** Where in the source the clone's sample is to be cut; found by itself when undefined. */
  readonly spans?: readonly Span[] | undefined;
  readonly gender?: VoiceGender | undefined;
  readonly pitchHz?: number | undefined;
  readonly note?: string | undefined;
}

/** What `cast` needs to know besides the speakers. */
export interface CastOptions {
  /** BCP 47 of the target. */
  readonly language: string;
  /** Label of the engine of speakers for whom no other is asked. */
  readonly label: string;
  /** That engine and all others that are asked for, by label. */
  readonly engines: ReadonlyMap<string, TtsProvider>;
  /** What is asked for, by speaker. */
  readonly wanted: Readonly<Record<string, WantedMember>>;
  /** True: speakers for whom no voice is asked are cloned from the source. */
  readonly clone: boolean;
  /** What an earlier run has chosen: it stays as far as it still holds, so that nobody changes voice for a newcomer. */
  readonly previous?: Readonly<Record<string, CastMember>> | undefined;
  /** Median pitch of speakers in the source, Hz, where it could be measured. */
  readonly pitches: ReadonlyMap<string, number>;
  /** Finds a sample of a speaker in the source; undefined when there is too little of him or her. */
  findSample(speaker: string, engine: VoiceEngine, spans?: readonly Span[]): Promise<CastSample | undefined>;
}

/**
 * Gives every speaker a voice: the one asked for, else the one of an earlier run, else the engine's best for the
 * language and the speaker's pitch, a different one for each while they last.
 * @param speakers in order of first appearance
 * @throws PROVIDER_UNSUPPORTED when an engine does not speak the language or cannot clone; USAGE for an unknown voice
 */
export async function cast(
  speakers: readonly string[],
  options: CastOptions,
  ctx: Pick<StageContext, 'signal' | 'emit'>,
): Promise<Cast> {
  return new Casting(options, ctx).castAll(speakers);
}

class Casting {
  private readonly members = new Map<string, CastMember>();
  private readonly voices = new Map<string, readonly Voice[]>();

  constructor(
    private readonly options: CastOptions,
    private readonly ctx: Pick<StageContext, 'signal' | 'emit'>,
  ) {}

  async castAll(speakers: readonly string[]): Promise<Cast> {
    for (const speaker of speakers) await this.asAsked(speaker);
    for (const speaker of speakers) if (!this.members.has(speaker)) await this.asBefore(speaker);
    await this.chooseRest(speakers.filter((speaker) => !this.members.has(speaker)));
    this.tellShared(speakers);
    return { members: Object.fromEntries(speakers.map((speaker) => [speaker, this.members.get(speaker)!])) };
  }

  private async asAsked(speaker: string): Promise<void> {
    const wanted = this.options.wanted[speaker];
    const engine = this.engineOf(speaker);
    const known = await this.voicesOf(engine);
    const from = wanted?.from ?? '--voices clone';
    if (wanted?.sample !== undefined) {
      requireCloning(engine, from);
      this.set(speaker, engine, { voice: sampleName(wanted.sample), sample: wanted.sample });
    } else if (wanted?.voice !== undefined) {
      const { name, gender } = requireVoice(wanted.voice, known, engine, from);
      this.set(speaker, engine, { voice: name, gender });
    } else if (wanted?.clone || this.options.clone || known.length === 0) {
      requireCloning(engine, from);
      await this.cloneFromSource(speaker, engine, known);
    }
  }

  /** Who says too little to be cloned gets a voice of the engine's, if it has any. */
  private async cloneFromSource(speaker: string, engine: VoiceEngine, known: readonly Voice[]): Promise<void> {
    const sample = await this.options.findSample(speaker, engine, this.options.wanted[speaker]?.spans);
    if (sample !== undefined) return this.set(speaker, engine, { voice: sampleName(sample), sample });
    if (known.length === 0) throw tooLittle(speaker, engine);
    const message = `${speaker} says too little by himself or herself to be cloned, and speaks with a voice of ${engine.label}; give a sample with --voice ${speaker}=anna.wav.`;
    this.ctx.emit({ type: 'warning', stage: 'cast', message });
  }

  private async asBefore(speaker: string): Promise<void> {
    const before = this.options.previous?.[speaker];
    const engine = this.engineOf(speaker);
    if (before === undefined || before.sample !== undefined || before.provider !== engine.label) return;
    const voice = (await this.voicesOf(engine)).find(({ name }) => name === before.voice);
    const isTaken = [...this.members.values()].some(
      (member) => member.provider === engine.label && member.voice === before.voice,
    );
    if (voice !== undefined && !isTaken) this.set(speaker, engine, { voice: voice.name, gender: voice.gender });
  }

  private async chooseRest(speakers: readonly string[]): Promise<void> {
    const byEngine = groupBy(speakers, (speaker) => this.engineOf(speaker).label);
    for (const [label, own] of byEngine) {
      const engine = this.engineOf(own[0]!);
      const members = [...this.members.values()].filter((member) => member.provider === label);
      const uncast = own.map((speaker) => ({ speaker, gender: this.genderOf(speaker) }));
      const taken = new Set(members.map((member) => member.voice));
      const given = assignVoices(uncast, await this.voicesOf(engine), taken);
      for (const [speaker, { name, gender }] of given) this.set(speaker, engine, { voice: name, gender });
    }
  }

  private genderOf(speaker: string): VoiceGender | undefined {
    return this.options.wanted[speaker]?.gender ?? genderOfPitch(this.pitchOf(speaker));
  }

  private pitchOf(speaker: string): number | undefined {
    return this.options.pitches.get(speaker) ?? this.options.wanted[speaker]?.pitchHz;
  }

  private set(speaker: string, { label }: VoiceEngine, given: Pick<CastMember, 'voice' | 'sample' | 'gender'>): void {
    const { note } = this.options.wanted[speaker] ?? {};
    const gender = given.gender ?? this.genderOf(speaker);
    const pitchHz = this.pitchOf(speaker);
    this.members.set(speaker, {
      provider: label,
      voice: given.voice,
      ...(given.sample === undefined ? {} : { sample: given.sample }),
      ...(gender === undefined ? {} : { gender }),
      ...(pitchHz === undefined ? {} : { pitchHz }),
      ...(note === undefined ? {} : { note }),
    });
  }

  private engineOf(speaker: string): VoiceEngine {
    const label = this.options.wanted[speaker]?.provider ?? this.options.label;
    return { label, provider: this.options.engines.get(label)!, language: this.options.language };
  }

  private async voicesOf(engine: VoiceEngine): Promise<readonly Voice[]> {
    const known = this.voices.get(engine.label);
    if (known !== undefined) return known;
    const found = await requireSpoken(engine, this.ctx.signal);
    this.voices.set(engine.label, found);
    return found;
  }

  /** Sharing that somebody asked for is not worth a word. */
  private tellShared(speakers: readonly string[]): void {
    const chosen = speakers.filter((speaker) => this.options.wanted[speaker]?.voice === undefined);
    const byVoice = groupBy(chosen, (speaker) => {
      const { provider, voice } = this.members.get(speaker)!;
      return `${provider} ${voice}`;
    });
    const shared = [...byVoice.values()].filter((own) => own.length > 1);
    if (shared.length === 0) return;
    const who = shared.map((own) => own.join(' and ')).join('; ');
    const message = `There are fewer voices than speakers, so some share one: ${who}.`;
    this.ctx.emit({ type: 'warning', stage: 'cast', message });
  }
}

function sampleName({ sha256 }: CastSample): string {
  return `sample-${sha256.slice(0, 8)}`;
}

function tooLittle(speaker: string, { label }: VoiceEngine): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `${label} has no voices of its own, and ${speaker} says too little alone to be cloned.`,
    { hint: `Give a sample with --voice ${speaker}=anna.wav, or another engine for ${speaker} in cast.json.` },
  );
}

function groupBy<Key, T>(items: readonly T[], keyOf: (item: T) => Key): ReadonlyMap<Key, readonly T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
