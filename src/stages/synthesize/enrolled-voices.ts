import { type CastMember, keptPrefix } from '../../domain/cast.js';
import { DubError } from '../../errors.js';
import type { Units } from '../../providers/contract.js';
import type { TtsProvider, VoiceEnrolment, VoiceSample } from '../../providers/tts/contract.js';
import type { Buyer, StageContext } from '../context.js';

type EnrolContext = Pick<StageContext, 'buyer' | 'signal' | 'emit'>;

/** A voice at a service, as it is remembered between runs. */
interface Remembered {
  readonly voice: string;
}

/**
 * Voices that a service keeps under a name, made from samples the first time a line needs them: each once, remembered in
 * the shared store for later runs and other jobs. One that was deleted since is made anew.
 */
export class EnrolledVoices {
  private readonly names = new Map<string, Promise<string>>();
  private readonly listed = new Map<VoiceEnrolment, Promise<ReadonlySet<string> | undefined>>();

  constructor(private readonly ctx: EnrolContext) {}

  /** The service's name of a member's voice, made from its sample when there is none yet. */
  nameOf(speaker: string, { provider: label, sample }: CastMember, provider: TtsProvider): Promise<string> {
    const { enrolment } = provider;
    if (sample === undefined || enrolment === undefined) throw new Error(`${label} enrols no voices`);
    const key = `${label} ${sample.sha256}`;
    const known = this.names.get(key);
    if (known !== undefined) return known;
    const made = this.obtain(speaker, label, sample, enrolment);
    this.names.set(key, made);
    return made;
  }

  private async obtain(speaker: string, label: string, sample: VoiceSample, enrolment: VoiceEnrolment) {
    const gone: string[] = [];
    for (;;) {
      const { reply, kept } = await this.ctx.buyer.buy({
        stage: 'cast',
        provider: label,
        key: enrolmentKey(sample, enrolment, gone),
        estimate: oneVoice,
        call: (signal) => enrolment.create(withoutText(sample), preferredName(speaker, sample), signal),
      });
      if (!kept) for (const message of reply.warnings) this.ctx.emit({ type: 'warning', stage: 'cast', message });
      if (!kept || (await this.isThere(reply.voice, enrolment))) return reply.voice;
      gone.push(reply.voice);
    }
  }

  /** A service that does not tell what it has is believed to have it: the line itself will say otherwise. */
  private async isThere(voice: string, enrolment: VoiceEnrolment): Promise<boolean> {
    let asked = this.listed.get(enrolment);
    if (asked === undefined) {
      asked = listVoices(enrolment, this.ctx.signal);
      this.listed.set(enrolment, asked);
    }
    const names = await asked;
    return names === undefined || names.has(voice);
  }
}

async function listVoices(enrolment: VoiceEnrolment, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await enrolment.list(signal)).map(({ voice }) => voice));
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    return undefined;
  }
}

/** Names that a run or an earlier one has enrolled for a sample, oldest first; buys nothing. */
export async function rememberedVoices(
  sample: VoiceSample,
  enrolment: VoiceEnrolment,
  { buyer }: { readonly buyer: Pick<Buyer, 'find'> },
): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const found = await buyer.find<Remembered>('cast', enrolmentKey(sample, enrolment, names));
    if (found === undefined) return names;
    names.push(found.voice);
  }
}

/** A voice that was deleted leaves its name in the key, so that the next one is another purchase. */
function enrolmentKey({ sha256 }: VoiceSample, { account, model }: VoiceEnrolment, gone: readonly string[]) {
  return { made: 'voice', account, model, sample: sha256, gone };
}

/** The words are compared with the recording, and a script is seldom word for word. */
function withoutText({ text: _, ...sample }: VoiceSample): VoiceSample {
  return sample;
}

/** What is put aside for a voice before it is made. */
const oneVoice: readonly Units[] = [{ unit: 'voice', count: 1 }];

/** At most 16 letters, digits and `_`, as Model Studio wants it. */
function preferredName(speaker: string, { sha256 }: VoiceSample): string {
  const plain = speaker.normalize('NFKD').replace(/[^A-Za-z0-9]/g, '');
  return `${keptPrefix}${plain.slice(0, 5)}_${sha256.slice(0, 6)}`;
}

/** What a voice is called by the request that has it spoken. */
export async function voiceOfRequest(
  speaker: string,
  member: CastMember,
  provider: TtsProvider,
  enrolled: EnrolledVoices,
  consent: string | undefined,
): Promise<{ readonly voice: string; readonly sample?: VoiceSample }> {
  const { voice, sample } = member;
  if (sample === undefined) return { voice };
  const given = consent === undefined ? sample : { ...sample, consent };
  if (provider.limits.sample?.way !== 'enrolled') return { voice, sample: given };
  return { voice: await enrolled.nameOf(speaker, member, provider), sample: given };
}
