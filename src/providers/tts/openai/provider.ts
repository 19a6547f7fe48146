import { languageName, primaryLanguage } from '../../../domain/language.js';
import { nearestNames } from '../../../domain/nearest.js';
import { DubError, throwIfAborted } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';
import type { ProviderTools } from '../../contract.js';
import { withHint } from '../../vendors/audio-server/errors.js';
import { lookAtServer, openAiServer, splitModel } from '../../vendors/audio-server/openai.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import { joinWaves } from '../../vendors/speech/join.js';
import { type JudgedSpeech, judgeSpeech } from '../../vendors/speech/judge.js';
import type { TtsProvider, TtsReply, TtsRequest } from '../contract.js';
import type { OpenAiTtsOptions } from './options.js';
import { splitInput } from './split.js';
import { askVoices, kokoroLanguage, kokoroLetter, offer, type ServerVoices } from './voices.js';

/** Far above any line of a dub; longer than the server takes is split. */
const maxChars = 20_000;

/** Raised when the same request would be made or read in another way. */
const wireVersion = 1;

/** Between sentences of a line that was split. */
const jointMs = 120;

/** Within what every server is known to take: vLLM-Omni has 0.5 to 2, OpenAI 0.25 to 4. */
const rates = { min: 0.5, max: 2 } as const;

/** @throws CONFIG_INVALID for an address that is none */
export function createOpenAiTts(options: OpenAiTtsOptions, tools: ProviderTools): TtsProvider {
  const { model, baseUrl } = splitModel(options.model, options.baseUrl);
  const client = openAiServer({ ...options, baseUrl }, tools);
  const untold = [...client.warnings];
  const asked = Object.values(options.asked);
  let voices: Promise<ServerVoices> | undefined;
  /** What this server turned out not to take. */
  const spared = { speed: false, format: options.format, maxInputChars: options.maxInputChars };

  function serverVoices(signal: AbortSignal): Promise<ServerVoices> {
    voices ??= askVoices(client, signal).catch((error: unknown) => {
      voices = undefined;
      throw error;
    });
    return voices;
  }

  async function namesOf(signal: AbortSignal): Promise<readonly string[]> {
    const { names, listed } = await serverVoices(signal);
    // Mixes of voices (`af_bella(2)+af_sky(1)`) are on no list.
    const mixed = asked.filter((name) => /[+(]/.test(name));
    return [...new Set([...options.voices, ...(listed ? mixed : asked), ...names])];
  }

  /** One request, asked once more when its answer is no speech, or without what the server does not take. */
  async function speak(text: string, request: TtsRequest, signal: AbortSignal): Promise<readonly JudgedSpeech[]> {
    for (let bad = 0; ; ) {
      const json = toWire(text, request);
      try {
        const { body } = await client.send('/audio/speech', { json }, signal, { headers: { accept: 'audio/*' } });
        const pcmRate = spared.format === 'pcm' ? options.sampleRate : undefined;
        return [judgeSpeech(body.bytes, { text, rate: request.rate, who: client.host, pcmRate })];
      } catch (error) {
        if (!(error instanceof DubError)) throw error;
        if (error.code === 'PROVIDER_BAD_REPLY' && replyStatus(error) === undefined && bad++ === 0) continue;
        const shorter = shorterLimit(error, text);
        if (shorter !== undefined) {
          spared.maxInputChars = shorter;
          return speakPieces(text, request, signal);
        }
        if (!spare(error, request)) throw error;
      }
    }
  }

  async function speakPieces(text: string, request: TtsRequest, signal: AbortSignal): Promise<readonly JudgedSpeech[]> {
    const spoken: JudgedSpeech[] = [];
    for (const piece of splitInput(text, request.language, spared.maxInputChars))
      spoken.push(...(await speak(piece, request, signal)));
    return spoken;
  }

  /** Leaves out what the server named as the fault. @returns false when there is nothing to leave out */
  function spare(error: DubError, request: TtsRequest): boolean {
    if (error.code !== 'PROVIDER_REFUSED') return false;
    if (/\bspeed\b/i.test(error.message) && !spared.speed && (request.rate ?? 1) !== 1) {
      spared.speed = true;
      untold.push(`${client.host} takes no speed (${error.message}): lines come at the voice's natural rate.`);
      return true;
    }
    if (/response_?format|\bformats?\b/i.test(error.message) && spared.format !== 'mp3') {
      spared.format = 'mp3';
      return true;
    }
    return false;
  }

  function toWire(text: string, { voice, language, rate = 1 }: TtsRequest): object {
    const { instructions } = options;
    return {
      ...(model === '' ? {} : { model }),
      input: text,
      voice,
      response_format: spared.format,
      ...(rate === 1 || spared.speed ? {} : { speed: rate }),
      ...(instructions === undefined ? {} : { instructions }),
      ...languageFields(options.language, model, language, voice),
    };
  }

  async function requireVoice({ voice, language }: TtsRequest, signal: AbortSignal): Promise<void> {
    const known = await namesOf(signal);
    const { listed } = await serverVoices(signal);
    if (!known.includes(voice)) {
      const near = nearestNames(voice, known, 5);
      const list = [...new Set([...near, ...known.slice(0, 8)])].join(', ');
      const unlisted = listed ? '' : ' It lists none: name others in `voices` of its options.';
      throw unsupported(`${client.host} has no voice ${JSON.stringify(voice)}.`, `Known: ${list}.${unlisted}`);
    }
    const own = kokoroLanguage(voice);
    if (own === undefined || kokoroLetter(language) !== undefined) return;
    throw unsupported(
      `Kokoro does not speak ${languageName(language) ?? language} (${language}).`,
      'It speaks en, es, fr, hi, it, ja, pt-BR and zh.',
    );
  }

  return {
    host: client.host,
    local: client.local,
    billedModel: model || undefined,
    limits: { maxChars, languages: 'any', concurrency: options.concurrency, rate: rates },
    async ready(signal) {
      const { models, ...state } = await lookAtServer(client, options.apiKey, signal);
      const absent = models !== undefined && models.length > 0 && model !== '' && !models.includes(model);
      return absent ? { ...state, detail: `${state.detail}; ${model} is not among them` } : state;
    },
    async voices(language, signal) {
      const names = await namesOf(signal);
      const { listed } = await serverVoices(signal);
      const own = new Set([...options.voices, ...asked]);
      return offer(names, language, (name) =>
        own.has(name) ? 'as named' : listed ? undefined : 'usual, not listed by the server',
      );
    },
    fingerprint: () => ({
      wire: wireVersion,
      model,
      format: options.format,
      language: options.language,
      ...(options.instructions === undefined ? {} : { instructions: options.instructions }),
    }),
    async synthesize(request, signal): Promise<TtsReply> {
      throwIfAborted(signal);
      const text = textToSay(request.text, client.host);
      await requireVoice(request, signal);
      const spoken = await speakPieces(text, request, signal).catch(withHint);
      const { audio, mediaType } = spoken.length === 1 ? spoken[0]! : joinWaves(spoken, jointMs, client.host);
      return {
        audio,
        mediaType,
        warnings: untold.splice(0),
        units: [{ unit: 'character', count: [...text].length, ...(model === '' ? {} : { model }) }],
        requestIds: [],
      };
    },
  };
}

/**
 * How the language is told. OpenAI's own models hear it from the text; Qwen3-TTS behind vLLM-Omni wants its name,
 * IndexTTS there its code; Kokoro reads by its voice's letter unless told, and streams unless told.
 */
function languageFields(way: OpenAiTtsOptions['language'], model: string, language: string, voice: string): object {
  const code = primaryLanguage(language);
  const name = languageName(code) ?? language;
  if (way === 'code') return { language: code };
  if (way === 'name') return { language: name };
  if (way === 'none') return {};
  if (/qwen3[-_]?tts/i.test(model)) return { language: name };
  if (/index[-_]?tts/i.test(model)) return { extra_params: { lang: code } };
  const own = kokoroLanguage(voice);
  if (own === undefined && !/kokoro/i.test(model)) return {};
  const letter = kokoroLetter(language);
  const differs = letter !== undefined && (own === undefined || primaryLanguage(own) !== code);
  return { stream: false, ...(differs ? { lang_code: letter } : {}) };
}

/** The limit that a refusal tells, where the text is above it: Groq is said to take 200 characters. */
function shorterLimit({ code, message }: DubError, text: string): number | undefined {
  if (code !== 'PROVIDER_REFUSED' && code !== 'PROVIDER_UNSUPPORTED') return undefined;
  if (!/too (long|large)|at most|max(imum)?|exceed|less than|length|limit/i.test(message)) return undefined;
  const told = [...message.matchAll(/\b(\d{2,6})\b/g)].map(([, digits]) => Number(digits));
  return told
    .filter((limit) => limit >= 20 && limit < text.length && ![400, 413, 422].includes(limit))
    .sort((a, b) => b - a)[0];
}

function textToSay(given: string, host: string): string {
  if (given.length > maxChars) {
    throw unsupported(
      `${host} takes at most ${maxChars} characters; this text has ${given.length}.`,
      'Split the line in the script.',
    );
  }
  const text = oneLine(given);
  if (hasWords(text)) return text;
  throw new DubError('PROVIDER_REFUSED', `There is nothing to say in ${JSON.stringify(given.slice(0, 40))}.`, {
    hint: 'Give the line some words in the translation, or take it out.',
  });
}

function unsupported(message: string, hint: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint });
}
