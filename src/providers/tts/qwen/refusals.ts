import { languageName } from '../../../domain/language.js';
import { nearestNames } from '../../../domain/nearest.js';
import { DubError } from '../../../errors.js';
import type { QwenModel } from './models.js';
import { languagesOf, offerVoices, primaryOf, qwenVoices, speaks, voicesOf } from './voices.js';

/** Most instructions hold, in tokens (Qwen-TTS API reference). */
const maxInstructionTokens = 1600;

/**
 * Refuses what the model would not do, before anything is sent.
 * @throws `CONFIG_INVALID`
 */
export function checkManner(
  model: QwenModel,
  options: { readonly instructions?: string | undefined; readonly optimizeInstructions: boolean },
): void {
  const { instructions, optimizeInstructions } = options;
  if (optimizeInstructions && instructions === undefined) {
    throw invalid('optimizeInstructions is set, but there are no instructions.', 'Give instructions, or leave it out.');
  }
  if (instructions === undefined) return;
  if (model.kind !== 'instruct') {
    const message = `${model.name} takes no instructions: it would ignore them.`;
    throw invalid(message, 'Name a model that follows them: --tts qwen:qwen3-tts-instruct-flash.');
  }
  const tokens = instructionTokens(instructions);
  if (tokens > maxInstructionTokens) {
    throw invalid(
      `The instructions have about ${tokens} tokens; ${model.name} takes ${maxInstructionTokens}.`,
      'Say it more briefly.',
    );
  }
}

/**
 * Refuses a language or a voice that the model does not have.
 * @param ids voices of the account's own
 * @throws `PROVIDER_UNSUPPORTED`, with voices that would do or engines that speak the language
 */
export function checkVoice(model: QwenModel, language: string, voice: string, ids: readonly string[]): void {
  if (!languagesOf(model).includes(primaryOf(language))) throw unspoken(model, language);
  if (ids.includes(voice)) {
    if (model.languages.includes(primaryOf(language))) return;
    throw unspoken(model, language);
  }
  const found = voicesOf(model).find(({ name }) => name === voice);
  if (found === undefined) throw unknownVoice(model, language, voice, ids);
  if (speaks(found, model, language)) return;
  const dialect = found.dialect === undefined ? '' : ` (${found.dialect.name})`;
  throw unsupported(
    `The voice ${voice}${dialect} does not speak ${nameOf(language)}.`,
    `Voices that do: ${some(namesFor(model, language))}.`,
  );
}

/** The error for a voice that is not there; near ones are named, then those that suit the language best. */
export function unknownVoice(model: QwenModel, language: string, voice: string, ids: readonly string[]): DubError {
  const known = [...ids, ...voicesOf(model).map(({ name }) => name)];
  if (known.length === 0) {
    return unsupported(
      `${model.name} has no voice ${JSON.stringify(voice)}: it speaks with voices of your own only.`,
      'Name their ids in voiceIds of the options of qwen; they must have been made for this very model.',
    );
  }
  const near = nearestNames(voice, known);
  const elsewhere = qwenVoices.some(({ name }) => name === voice);
  const other = elsewhere ? ` ${voice} is a voice of other models of Qwen-TTS.` : '';
  const nearOnes = near.length === 0 ? '' : `Near ones: ${near.join(', ')}. `;
  const fitting = [...ids, ...namesFor(model, language)];
  return unsupported(
    `${model.name} has no voice ${JSON.stringify(voice)}.${other}`,
    `${nearOnes}For ${nameOf(language)}: ${some(fitting)}. \`dub voices --tts qwen --lang ${language}\` lists them all.`,
  );
}

function unspoken(model: QwenModel, language: string): DubError {
  return unsupported(
    `${model.name} does not speak ${nameOf(language)}. It speaks: ${languagesOf(model).join(', ')}.`,
    `--tts espeak-ng speaks over a hundred languages, robotically; --tts piper:VOICE.onnx those of its voices. \`dub voices --lang ${language}\` lists what is ready here.`,
  );
}

function namesFor(model: QwenModel, language: string): string[] {
  return offerVoices(model, language).map(({ name }) => name);
}

function some(names: readonly string[]): string {
  return names.slice(0, 8).join(', ') + (names.length > 8 ? `, … (${names.length} in all)` : '');
}

function nameOf(language: string): string {
  const name = languageName(language);
  return name === undefined ? language : `${name} (${language})`;
}

/** About one token for a Han character, one for three or four letters. */
function instructionTokens(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return Math.round(han + (text.length - han) / 3.5);
}

function unsupported(message: string, hint: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', message, { hint });
}

function invalid(message: string, hint: string): DubError {
  return new DubError('CONFIG_INVALID', message, { hint });
}
