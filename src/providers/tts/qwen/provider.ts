import { DubError, throwIfAborted } from '../../../errors.js';
import type { CallEstimate, ProviderTools, Readiness, Units } from '../../contract.js';
import { type DashscopeClient, dashscope } from '../../vendors/dashscope/index.js';
import { askForSpeech, type Spoken } from '../../vendors/dashscope/speech/asking.js';
import type { SpeechUsage } from '../../vendors/dashscope/speech/reply.js';
import { durationOf, joinSpeech, toWave } from '../../vendors/dashscope/speech/sound.js';
import {
  billedCharacters,
  leastMs,
  type Piece,
  pieceBudget,
  splitText,
  weightOf,
} from '../../vendors/dashscope/speech/text.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import type { TtsProvider, TtsReply, TtsRequest, Voice } from '../contract.js';
import { type QwenModel, readModel } from './models.js';
import type { QwenOptions } from './options.js';
import { createPaceWatch } from './pace.js';
import { checkManner, checkVoice, unknownVoice } from './refusals.js';
import { languagesOf, offerVoices, primaryOf } from './voices.js';
import { speechPath, toWire, wireVersion } from './wire.js';

/** Far above any line of a dub; longer ones are split for several requests anyway. */
const maxChars = 5000;

interface SpokenPiece extends Spoken {
  readonly text: string;
  readonly pauseMs: number;
}

/** @throws `CONFIG_INVALID` for a model that is not called over HTTP, and for instructions to one that takes none */
export function createQwenTts(options: QwenOptions, tools: ProviderTools): TtsProvider {
  const model = readModel(options.model);
  checkManner(model, options);
  const client = dashscope(options, tools);
  const ids = options.voiceIds;
  const pace = createPaceWatch(options.speechRate);
  const said = new Set<string>();
  /** Set when the model turned out not to be there, so that hundreds of lines need not find out one by one. */
  let gone: DubError | undefined;

  async function speakPiece(piece: Piece, request: TtsRequest, budget: number, signal: AbortSignal) {
    if (gone) throw gone;
    const { text } = piece;
    const body = toWire(model, { ...request, text }, options);
    const { stream, timeoutMs } = options;
    const asking = {
      path: speechPath,
      body,
      stream,
      timeoutMs,
      leastMs: leastMs(text, speedOf(options, request.rate)),
    };
    try {
      return [{ ...(await askForSpeech(client, asking, signal)), ...piece }];
    } catch (error) {
      if (!isTooLong(error) || weightOf(text) < smallestBudget) throw explained(error, model, request, ids);
      // The service counts in some stricter way than any that was described; the refusal cost nothing.
      const smaller = splitText(text, request.language, Math.min(budget, weightOf(text)) / 2);
      const pieces = smaller.map((one, index) =>
        index === smaller.length - 1 ? { ...one, pauseMs: piece.pauseMs } : one,
      );
      return speakPieces(pieces, request, budget / 2, signal);
    }
  }

  async function speakPieces(pieces: readonly Piece[], request: TtsRequest, budget: number, signal: AbortSignal) {
    const spoken: SpokenPiece[] = [];
    for (const piece of pieces) spoken.push(...(await speakPiece(piece, request, budget, signal)));
    return spoken;
  }

  /** Warnings about the service as a whole, each told once. */
  function onlyNew(warnings: readonly string[]): string[] {
    const fresh = warnings.filter((warning) => !said.has(warning.replace(/\d+/g, '#')));
    for (const warning of fresh) said.add(warning.replace(/\d+/g, '#'));
    return fresh;
  }

  return {
    host: client.host,
    region: client.region,
    billedModel: model.name,
    limits: { maxChars, languages: languagesOf(model), concurrency: options.concurrency, ...rateOf(model) },
    ready: async () => readinessOf(client, model, ids),
    voices: async (language) => [...ownVoices(ids, model, language), ...offerVoices(model, language)],
    fingerprint: () => fingerprintOf(options),
    estimate: ({ text }) => estimateFor(model, oneLine(text)),
    async synthesize(request, signal): Promise<TtsReply> {
      throwIfAborted(signal);
      const text = textToSay(request.text);
      checkVoice(model, request.language, request.voice, ids);
      const { concurrency, requestsPerMinute = model.requestsPerMinute } = options;
      await client.limit(model.name, { requestsPerMinute, concurrency });
      const pieces = splitText(text, request.language);
      const spoken = await speakPieces(pieces, request, pieceBudget, signal).catch((error: unknown) => {
        if (isGone(error)) gone = error;
        throw error;
      });
      checkRates(spoken);
      const speech = joinSpeech(spoken);
      for (const one of spoken) pace.heard(one.text, durationOf(one.speech));
      const warnings = [...spoken.flatMap((one) => countWarnings(one, model)), ...pace.warnings()];
      return {
        audio: toWave(speech),
        mediaType: 'audio/wav',
        warnings: onlyNew(warnings),
        units: sumUnits(
          spoken.flatMap((one) => unitsOf(one.usage, one.text)),
          model.name,
        ),
        requestIds: spoken.flatMap(({ requestIds }) => requestIds),
      };
    },
  };
}

/** Below this a refusal for length is about something else. */
const smallestBudget = pieceBudget / 12;

/** @throws PROVIDER_UNSUPPORTED when it is too long; PROVIDER_REFUSED when nothing in it can be said */
function textToSay(given: string): string {
  if (given.length > maxChars) {
    const message = `qwen takes at most ${maxChars} characters; this text has ${given.length}.`;
    throw new DubError('PROVIDER_UNSUPPORTED', message, { hint: 'Split the line in the script.' });
  }
  const text = oneLine(given);
  if (hasWords(text)) return text;
  throw new DubError('PROVIDER_REFUSED', `There is nothing to say in ${JSON.stringify(given.slice(0, 40))}.`, {
    hint: 'Give the line some words in the translation, or take it out.',
  });
}

function readinessOf(client: DashscopeClient, model: QwenModel, ids: readonly string[]): Readiness {
  const found = client.ready();
  if (!found.ready || ids.length > 0 || (model.kind !== 'clone' && model.kind !== 'design')) return found;
  return {
    ready: false,
    detail: `${model.name} speaks with voices of your own only, and none is named`,
    hint: 'Name their ids in voiceIds of the options of qwen; they must have been made for this very model.',
  };
}

function ownVoices(ids: readonly string[], model: QwenModel, language: string | undefined): Voice[] {
  if (language !== undefined && !model.languages.includes(primaryOf(language))) return [];
  return ids.map((name) => ({ name, languages: model.languages, note: 'your own voice' }));
}

function fingerprintOf(options: QwenOptions): Record<string, string | number> {
  const { model, instructions, optimizeInstructions, speechRate } = options;
  return {
    wire: wireVersion,
    model,
    ...(instructions === undefined ? {} : { instructions }),
    ...(optimizeInstructions ? { optimizeInstructions: 1 } : {}),
    ...(speechRate === undefined ? {} : { speechRate }),
  };
}

/** The instruct model is told a pace in words and keeps it roughly: little is asked, and the take is measured. */
const rateInWords = { min: 0.8, max: 1.3 } as const;

function rateOf({ kind }: QwenModel): { readonly rate?: typeof rateInWords } {
  return kind === 'instruct' ? { rate: rateInWords } : {};
}

/** How much faster than usual the speech may be: instructions can ask for haste in words. */
function speedOf({ speechRate, instructions }: QwenOptions, rate = 1): number {
  return Math.max(1, speechRate ?? 1) * (instructions === undefined && rate === 1 ? 1 : 1.6);
}

/** Audio tokens for a second of speech, and characters a second at the least (Qwen-TTS API reference). */
const legacyTokensPerSecond = 50;
const slowestCharactersPerSecond = 8;

/** Characters are counted as the service counts them; the legacy models bill tokens of text and of sound. */
function estimateFor({ name, kind }: QwenModel, text: string): CallEstimate {
  const characters = billedCharacters(text);
  if (kind !== 'legacy') {
    const units: Units[] = [{ unit: 'character', count: characters, model: name }];
    return { likely: units, most: units };
  }
  const tokens = (perSecond: number): Units[] => [
    { unit: 'input-token', count: characters, model: name },
    { unit: 'output-token', count: Math.ceil((characters / perSecond) * legacyTokensPerSecond), model: name },
  ];
  return { likely: tokens(slowestCharactersPerSecond * 1.75), most: tokens(slowestCharactersPerSecond) };
}

/** What a piece is billed, as the service says or, failing that, as its text counts. */
function unitsOf(usage: SpeechUsage, text: string): Units[] {
  if (usage?.characters) return [{ unit: 'character', count: usage.characters }];
  const [input, output] = [usage?.input_tokens ?? 0, usage?.output_tokens ?? 0];
  if (input + output === 0 && usage?.total_tokens) return [{ unit: 'token', count: usage.total_tokens }];
  if (input + output === 0) return [{ unit: 'character', count: billedCharacters(text) }];
  return [
    { unit: 'input-token', count: input },
    { unit: 'output-token', count: output },
  ];
}

function sumUnits(all: readonly Units[], model: string): Units[] {
  const sums = new Map<Units['unit'], number>();
  for (const { unit, count } of all) sums.set(unit, (sums.get(unit) ?? 0) + count);
  return [...sums].map(([unit, count]) => ({ unit, count, model }));
}

/** A bill that is not as documented: about money, and if it is lower, about words that were left out. */
function countWarnings({ usage, text }: SpokenPiece, model: QwenModel): string[] {
  const told = usage?.characters ?? 0;
  const counted = billedCharacters(text);
  if (told === 0 || Math.abs(told - counted) <= Math.max(4, counted / 10)) return [];
  return [
    `${model.name} billed ${told} characters for a text that counts ${counted} by the documentation; the receipt has the billed number.`,
  ];
}

function checkRates(spoken: readonly Spoken[]): void {
  const rates = new Set(spoken.map(({ speech }) => speech.sampleRate));
  if (rates.size <= 1) return;
  const message = `DashScope answered pieces of one line at ${[...rates].join(' and ')} Hz, which cannot be joined.`;
  throw new DubError('PROVIDER_BAD_REPLY', message, { hint: 'Run the same command again.', retryable: true });
}

function isTooLong(error: unknown): boolean {
  return error instanceof DubError && error.code === 'PROVIDER_REFUSED' && /Range of input length/i.test(error.message);
}

function isGone(error: unknown): error is DubError {
  return error instanceof DubError && /\b(ModelNotFound|Endpoint\.AccessDenied)\b/.test(error.message);
}

/** Refusals that mean something particular here. */
function explained(error: unknown, model: QwenModel, request: TtsRequest, ids: readonly string[]): unknown {
  if (!(error instanceof DubError)) return error;
  if (error.code === 'PROVIDER_BAD_REPLY' && error.hint === undefined) {
    const { code, message, retryable } = error;
    return new DubError(code, message, { hint: 'The same command asks for this line again.', retryable, cause: error });
  }
  if (model.kind === 'clone' && isGone(error)) {
    const hint =
      'Clone by the newer models (--tts cosyvoice), with a server of your own (--tts indextts), or name voices with --voice.';
    return new DubError(error.code, `${model.name} was to be withdrawn on 2026-10-10. ${error.message}`, {
      hint,
      cause: error,
    });
  }
  if (error.code !== 'PROVIDER_REFUSED') return error;
  if (/InvalidParameter/.test(error.message) && /\bvoice\b/i.test(error.message)) {
    const { hint = '' } = unknownVoice(model, request.language, request.voice, ids);
    const message = `The voice ${JSON.stringify(request.voice)} was refused. ${error.message}`;
    return new DubError('PROVIDER_UNSUPPORTED', message, { hint, cause: error });
  }
  if (/url error/i.test(error.message)) {
    const message = `${model.name} does not speak over this interface. ${error.message}`;
    const hint = 'Leave the model out for qwen3-tts-flash, or check its name.';
    return new DubError('PROVIDER_UNSUPPORTED', message, { hint, cause: error });
  }
  return error;
}
