import { stat } from 'node:fs/promises';
import type { CastSample } from '../../domain/cast.js';
import { languageName, primaryLanguage } from '../../domain/language.js';
import { nearestNames } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { SampleLimits, TtsProvider, Voice } from '../../providers/tts/contract.js';
import { isSilent } from './convert.js';

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
 * @param others names of engines that may speak the language instead, for the message
 * @throws PROVIDER_UNSUPPORTED when the engine does not speak the language
 */
export async function requireSpoken(
  engine: VoiceEngine,
  signal: AbortSignal,
  others: () => Promise<readonly string[]> = async () => [],
): Promise<readonly Voice[]> {
  const known = await engine.provider.voices(engine.language, signal);
  if (known.length === 0 && !clonesInto(engine)) throw unspoken(engine, await others());
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
  const nowhere = /[/\\]/.test(name) ? 'There is no such file on this machine. ' : '';
  const shown = list.length > 0 ? `Near ones: ${list.join(', ')}. ` : 'It has no voices of its own. ';
  throw new DubError('USAGE', `${label} has no voice ${name} for ${language}, which ${from} asks for.`, {
    hint: `${nowhere}${shown}\`dub voices --tts ${label} --lang ${language}\` lists all.`,
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

/**
 * Looks at a sample before it is sent anywhere.
 * @param from who asks for it, for the message
 * @throws PROVIDER_UNSUPPORTED when it is not what the engine takes, or nothing is heard in it
 */
export async function requireSample(sample: CastSample, engine: VoiceEngine, from: string): Promise<void> {
  const { size: bytes } = await stat(sample.path);
  requireFitting({ ...sample, bytes }, engine, from);
  if (await isSilent(sample.path)) throw unfit('silent', engine, from);
}

/**
 * What can be told of a sample before it is there.
 * @throws PROVIDER_UNSUPPORTED when it is too short, too long or too large for the engine
 */
export function requireFitting(
  sample: { readonly durationMs: number; readonly bytes: number },
  engine: VoiceEngine,
  from: string,
): void {
  const fault = faultOf(sample, requireCloning(engine, from));
  if (fault !== undefined) throw unfit(`${fault} for ${engine.label}`, engine, from);
}

const seconds = (ms: number) => `${Number((ms / 1000).toFixed(1))} s`;

function unfit(what: string, engine: VoiceEngine, from: string): DubError {
  const { minMs, maxMs, maxBytes } = requireCloning(engine, from);
  return new DubError('PROVIDER_UNSUPPORTED', `The voice sample of ${from} is ${what}.`, {
    hint: `Give ${seconds(minMs)} to ${seconds(maxMs)} of clean speech of one person, at most ${Math.floor(maxBytes / 1e6)} MB.`,
  });
}

function faultOf(
  { durationMs, bytes }: { readonly durationMs: number; readonly bytes: number },
  limits: SampleLimits,
): string | undefined {
  if (durationMs < limits.minMs) return `too short (${seconds(durationMs)}, at least ${seconds(limits.minMs)})`;
  if (durationMs > limits.maxMs) return `too long (${seconds(durationMs)}, at most ${seconds(limits.maxMs)})`;
  if (bytes > limits.maxBytes) return `too large (${bytes} bytes, at most ${limits.maxBytes})`;
  return undefined;
}

function unspoken({ label, language, provider: { limits } }: VoiceEngine, others: readonly string[]): DubError {
  const name = languageName(language) ?? language;
  const known = limits.languages === 'any' ? '' : `It speaks ${limits.languages.join(', ')}. `;
  const elsewhere = others.length === 0 ? '' : `${name} may be had from ${others.join(', ')}. `;
  return new DubError('PROVIDER_UNSUPPORTED', `${label} does not speak ${name} (${language}).`, {
    hint: `${known}${elsewhere}Choose another voice engine with --tts; \`dub providers\` lists them and \`dub voices\` what they speak.`,
  });
}
