import { languageName } from '../domain/language.js';
import { nearestNames } from '../domain/nearest.js';
import type { Cast, Script } from '../domain/script.js';
import { DubError } from '../errors.js';
import type { TtsProvider, Voice } from '../providers/tts/contract.js';
import type { StageContext } from './context.js';

/** What `cast` needs to know besides the script. */
export interface CastOptions {
  /** BCP 47 of the target. */
  readonly language: string;
  readonly label: string;
  /** Speaker to voice name as the user asked; the key `*` stands for every speaker. */
  readonly voices: Readonly<Record<string, string>>;
}

/**
 * Gives every speaker a voice: the one asked for, else the provider's best ones for the language, a different one for
 * each speaker while they last, in order of first appearance.
 * @throws PROVIDER_UNSUPPORTED when the provider does not speak the language; USAGE for an unknown voice or speaker
 */
export async function cast(
  script: Script,
  provider: TtsProvider,
  options: CastOptions,
  ctx: StageContext,
): Promise<Cast> {
  const known = await requireSpoken(provider, options, ctx.signal);
  const speakers = [...new Set(script.utterances.map((utterance) => utterance.speaker))];
  refuseUnknownSpeakers(speakers, options.voices);
  const asked = (speaker: string) => options.voices[speaker] ?? options.voices['*'];
  const taken = new Set(speakers.map(asked).filter((name) => name !== undefined));
  const voices: Record<string, string> = {};
  let next = 0;
  const free = known.filter((voice) => !taken.has(voice.name));
  const pool = free.length > 0 ? free : known;
  for (const speaker of speakers) {
    const name = asked(speaker);
    voices[speaker] = name === undefined ? pool[next++ % pool.length]!.name : requireVoice(name, known, options);
  }
  if (next > pool.length) {
    const message = `${options.label} has ${pool.length} voices for ${next} speakers: some share one.`;
    ctx.emit({ type: 'warning', stage: 'cast', message });
  }
  return { provider: options.label, voices };
}

/**
 * The provider's voices for a language, best first, at least one.
 * @throws PROVIDER_UNSUPPORTED when the provider does not speak the language
 */
export async function requireSpoken(
  provider: TtsProvider,
  options: Pick<CastOptions, 'language' | 'label'>,
  signal: AbortSignal,
): Promise<readonly Voice[]> {
  const known = await provider.voices(options.language, signal);
  if (known.length === 0) throw unspoken(options);
  return known;
}

function refuseUnknownSpeakers(speakers: readonly string[], voices: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(voices).find((speaker) => speaker !== '*' && !speakers.includes(speaker));
  if (unknown === undefined) return;
  throw new DubError('USAGE', `--voice names the speaker ${unknown}, but the script has ${speakers.join(', ')}.`, {
    hint: 'Use one of those, or --voice NAME without a speaker for everyone.',
  });
}

function requireVoice(name: string, known: readonly Voice[], options: CastOptions): string {
  const exact = known.find((voice) => voice.name === name);
  if (exact) return exact.name;
  const names = known.map((voice) => voice.name);
  const near = nearestNames(name, names, 5);
  throw new DubError('USAGE', `${options.label} has no voice ${name} for ${options.language}.`, {
    hint: `Near ones: ${(near.length > 0 ? near : names.slice(0, 5)).join(', ')}. \`dub voices --tts ${options.label} --lang ${options.language}\` lists all.`,
  });
}

function unspoken(options: Pick<CastOptions, 'language' | 'label'>): DubError {
  const name = languageName(options.language) ?? options.language;
  return new DubError('PROVIDER_UNSUPPORTED', `${options.label} does not speak ${name} (${options.language}).`, {
    hint: 'Choose another voice engine with --tts; `dub providers` lists them and `dub voices` what they speak.',
  });
}
