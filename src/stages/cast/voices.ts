import type { CastSample } from '../../domain/cast.js';
import { languageName, primaryLanguage } from '../../domain/language.js';
import { nearestNames } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { SampleLimits, TtsProvider, Voice } from '../../providers/tts/contract.js';

/** One engine, what it is called, and the language it is to speak. */
export interface VoiceEngine {
  /** `name[:model]`. */
  readonly label: string;
  readonly provider: TtsProvider;
  /** BCP 47. */
  readonly language: string;
}

/**
 * The engine's voices for a language, best first; empty where it has none of its own but clones those it is given.
 * @throws PROVIDER_UNSUPPORTED when the engine does not speak the language
 */
export async function requireSpoken(engine: VoiceEngine, signal: AbortSignal): Promise<readonly Voice[]> {
  const known = await engine.provider.voices(engine.language, signal);
  if (known.length === 0 && !clonesInto(engine)) throw unspoken(engine);
  return known;
}

function clonesInto({ provider: { limits }, language }: VoiceEngine): boolean {
  if (limits.sample === undefined) return false;
  return limits.languages === 'any' || limits.languages.includes(primaryLanguage(language));
}

/**
 * Whether the engine has the voice. One that only other languages have, or that another engine has, is none.
 * @param known what the engine has for the language
 * @param from who asked for it, for the message
 * @throws USAGE with near names
 */
export function requireVoice(name: string, known: readonly Voice[], engine: VoiceEngine, from: string): Voice {
  const exact = known.find((voice) => voice.name === name);
  if (exact) return exact;
  const { label, language } = engine;
  const names = known.map((voice) => voice.name);
  const near = nearestNames(name, names, 5);
  const list = near.length > 0 ? near : names.slice(0, 5);
  const shown = list.length > 0 ? `Near ones: ${list.join(', ')}. ` : 'It has no voices of its own. ';
  throw new DubError('USAGE', `${label} has no voice ${name} for ${language}, which ${from} asks for.`, {
    hint: `${shown}\`dub voices --tts ${label} --lang ${language}\` lists all.`,
  });
}

/**
 * What the engine wants a voice sample to be.
 * @throws PROVIDER_UNSUPPORTED when it clones no voices
 */
export function requireCloning({ label, provider }: VoiceEngine, from: string): SampleLimits {
  const { sample } = provider.limits;
  if (sample !== undefined) return sample;
  throw new DubError('PROVIDER_UNSUPPORTED', `${label} cannot clone voices, which ${from} asks for.`, {
    hint: 'Name one of its voices, or choose an engine that clones: --tts qwen or --tts indextts.',
  });
}

/** @throws PROVIDER_UNSUPPORTED when the sample is not what the engine takes */
export function checkSample(
  sample: Pick<CastSample, 'durationMs' | 'text'> & { readonly bytes: number },
  limits: SampleLimits,
  label: string,
  from: string,
): void {
  const seconds = (ms: number) => `${Number((ms / 1000).toFixed(1))} s`;
  const fault = faultOf(sample, limits, seconds);
  if (fault === undefined) return;
  throw new DubError('PROVIDER_UNSUPPORTED', `The voice sample of ${from} is ${fault} for ${label}.`, {
    hint: `Give ${seconds(limits.minMs)} to ${seconds(limits.maxMs)} of clean speech of one person, at most ${Math.floor(limits.maxBytes / 1e6)} MB.`,
  });
}

function faultOf(
  { durationMs, bytes }: { readonly durationMs: number; readonly bytes: number },
  limits: SampleLimits,
  seconds: (ms: number) => string,
): string | undefined {
  if (durationMs < limits.minMs) return `too short (${seconds(durationMs)}, at least ${seconds(limits.minMs)})`;
  if (durationMs > limits.maxMs) return `too long (${seconds(durationMs)}, at most ${seconds(limits.maxMs)})`;
  if (bytes > limits.maxBytes) return `too large (${bytes} bytes, at most ${limits.maxBytes})`;
  return undefined;
}

function unspoken({ label, language }: VoiceEngine): DubError {
  const name = languageName(language) ?? language;
  return new DubError('PROVIDER_UNSUPPORTED', `${label} does not speak ${name} (${language}).`, {
    hint: 'Choose another voice engine with --tts; `dub providers` lists them and `dub voices` what they speak.',
  });
}
