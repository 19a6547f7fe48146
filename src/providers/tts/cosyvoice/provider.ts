import { languageName, parseLanguage, primaryLanguage } from '../../../domain/language.js';
import { nearestNames } from '../../../domain/nearest.js';
import { DubError, throwIfAborted } from '../../../errors.js';
import type { ProviderTools, Units } from '../../contract.js';
import { dashscope } from '../../vendors/dashscope/index.js';
import { askForSpeech } from '../../vendors/dashscope/speech/asking.js';
import { joinSpeech, toWave } from '../../vendors/dashscope/speech/sound.js';
import { billedCharacters, leastMs, splitText } from '../../vendors/dashscope/speech/text.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import type { TtsProvider, TtsReply, TtsRequest, Voice } from '../contract.js';
import { createEnrolment, sampleLimits } from './enrolment.js';
import type { CosyvoiceOptions } from './options.js';
import { isClonedVoice, languages, nativeLanguages, systemVoices } from './voices.js';
import { rates, synthesizerPath, toWire } from './wire.js';

const maxChars = 5000;

/**
 * The most of one request, in the weight of `splitText`: 120 Han characters, 400 Latin letters. cosyvoice-v3-flash cuts
 * off without a word after about 33 s (155 Han characters, measured), long before the 20,000 that are documented.
 */
const pieceBudget = 2400;

/** @throws `CONFIG_INVALID` for a model of another interface */
export function createCosyvoice(options: CosyvoiceOptions, tools: ProviderTools): TtsProvider {
  refuseForeign(options.model);
  refuseForeign(options.cloneModel);
  const client = dashscope(options, tools);
  const speaksOwn = systemVoices(options.model).length === 0;
  const cloneModel = speaksOwn ? options.model : options.cloneModel;
  const warned = new Set<string>();
  const gone = new Map<string, DubError>();

  /** A cloned voice speaks with the model it was made for, which its name begins with. */
  function modelOf({ voice, sample }: TtsRequest): string {
    if (sample !== undefined) return cloneModel;
    if (!isClonedVoice(voice)) return options.model;
    return (
      [options.model, cloneModel].find((model) => voice.startsWith(`${model}-`)) ??
      /^(.+?-(?:flash|plus|v2))-/.exec(voice)?.[1] ??
      cloneModel
    );
  }

  function voicesFor(language: string | undefined): readonly Voice[] {
    if (language !== undefined && !languages.includes(primaryOf(language))) return [];
    const system = systemVoices(options.model);
    const asked = [...new Set(Object.values(options.asked))].filter(
      (name) => couldBeVoice(name) && !system.some((voice) => voice.name === name),
    );
    return [...system, ...asked.map((name) => ({ name, languages, note: 'as named by --voice' }))];
  }

  function check({ language, voice, sample }: TtsRequest): void {
    if (!languages.includes(primaryOf(language))) {
      const name = languageName(language);
      throw unsupported(
        `cosyvoice does not speak ${name === undefined ? language : `${name} (${language})`}. It speaks: ${languages.join(', ')}.`,
        `\`dub voices --lang ${language}\` lists what does.`,
      );
    }
    const known = voicesFor(language).map(({ name }) => name);
    if (sample !== undefined || isClonedVoice(voice) || known.includes(voice)) return;
    const near = nearestNames(voice, known);
    const hint = `${near.length > 0 ? `Near ones: ${near.join(', ')}. ` : ''}Known here: ${known.join(', ') || 'none, since it speaks with cloned voices only (--voices clone)'}. Voices of Qwen-TTS speak by --tts qwen.`;
    throw unsupported(`${options.model} has no voice ${JSON.stringify(voice)}.`, hint);
  }

  function accent({ language, voice, sample }: TtsRequest): string[] {
    const isSystem = sample === undefined && systemVoices(options.model).some(({ name }) => name === voice);
    if (!isSystem || nativeLanguages.includes(primaryOf(language)) || warned.has(voice)) return [];
    warned.add(voice);
    return [
      `${voice} is a voice for Chinese and English; ${languageName(language) ?? language} may come with an accent. Cloned voices are freer (--voices clone), and --tts qwen has native ones.`,
    ];
  }

  return {
    ...{ host: client.host, region: client.region, billedModel: options.model },
    limits: { maxChars, languages, concurrency: options.concurrency, rate: rates, sample: sampleLimits },
    ready: async () => client.ready(),
    voices: async (language) => voicesFor(language),
    fingerprint: () => ({ wire: 1, model: options.model, cloneModel }),
    estimate(request) {
      const units = unitsOf(billedCharacters(oneLine(request.text)), modelOf(request));
      return { likely: units, most: units };
    },
    enrolment: createEnrolment(client, cloneModel),
    async synthesize(request, signal): Promise<TtsReply> {
      throwIfAborted(signal);
      const text = textToSay(request.text);
      check(request);
      const model = modelOf(request);
      const { concurrency, requestsPerMinute, timeoutMs } = options;
      await client.limit(model, { requestsPerMinute, concurrency });
      const spoken = [];
      for (const piece of splitText(text, request.language, pieceBudget)) {
        const known = gone.get(model);
        if (known) throw known;
        const least = leastMs(piece.text, Math.max(1, request.rate ?? 1));
        const body = toWire(model, { ...request, text: piece.text });
        const asking = { path: synthesizerPath, body, stream: false, timeoutMs, leastMs: least };
        const answer = await askForSpeech(client, asking, signal).catch((error: unknown) => {
          const told = explained(error, model, request.voice);
          if (told instanceof DubError && isGone(told)) gone.set(model, told);
          throw told;
        });
        spoken.push({ ...answer, ...piece });
      }
      const billed = spoken.reduce((sum, one) => sum + (one.usage?.characters || billedCharacters(one.text)), 0);
      return {
        audio: toWave(joinSpeech(spoken)),
        mediaType: 'audio/wav',
        warnings: accent(request),
        units: unitsOf(billed, model),
        requestIds: spoken.flatMap(({ requestIds }) => requestIds),
      };
    },
  };
}

function unitsOf(count: number, model: string): Units[] {
  return [{ unit: 'character', count, model }];
}

function primaryOf(language: string): string {
  return primaryLanguage(parseLanguage(language) ?? language);
}

/** Names here are lower-case ids; those of Qwen-TTS have capitals, or begin like its clones. */
function couldBeVoice(name: string): boolean {
  return /^[a-z][a-z0-9_.-]{2,}$/.test(name) && !name.startsWith('qwen-tts') && name !== 'clone';
}

function refuseForeign(model: string): void {
  if (/^(cosyvoice|qwen-audio)-/.test(model)) return;
  throw new DubError('CONFIG_INVALID', `The model ${model} speaks by another interface of Model Studio.`, {
    hint: `Write --tts qwen:${model}, or leave the model out for cosyvoice-v3-flash.`,
  });
}

/** @throws PROVIDER_UNSUPPORTED when it is too long; PROVIDER_REFUSED when nothing in it can be said */
function textToSay(given: string): string {
  if (given.length > maxChars) {
    throw unsupported(
      `cosyvoice takes at most ${maxChars} characters; this text has ${given.length}.`,
      'Split the line in the script.',
    );
  }
  const text = oneLine(given);
  if (hasWords(text)) return text;
  throw new DubError('PROVIDER_REFUSED', `There is nothing to say in ${JSON.stringify(given.slice(0, 40))}.`, {
    hint: 'Give the line some words in the translation, or take it out.',
  });
}

function isGone({ message }: DubError): boolean {
  return /\b(ModelNotFound|Endpoint\.AccessDenied)\b/.test(message);
}

function explained(error: unknown, model: string, voice: string): unknown {
  if (!(error instanceof DubError)) return error;
  if (isGone(error)) {
    const hint = 'Name another model, such as --tts cosyvoice:cosyvoice-v3-flash, or speak by --tts qwen.';
    return new DubError('PROVIDER_UNSUPPORTED', error.message, { hint, cause: error });
  }
  const isVoice = /Engine error \[?4(11|18)\]?|VoiceNotFound|ResourceNotExist/i.test(error.message);
  if (!isVoice && !(error.code === 'PROVIDER_REFUSED' && /\bvoice\b/i.test(error.message))) return error;
  return unsupported(
    `${model} does not speak with the voice ${JSON.stringify(voice)}: a voice belongs to one model, and v3.5 has cloned ones only. ${error.message}`,
    `\`dub voices --tts cosyvoice\` lists the system's, --voices clone makes new ones. Voices of Qwen-TTS speak by --tts qwen.`,
  );
}

function unsupported(message: string, hint: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint });
}
