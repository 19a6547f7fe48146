import { readFile } from 'node:fs/promises';
import { DubError } from '../../../errors.js';
import { errnoOf } from './install.js';
import { hasWords, speakable } from './text.js';

/** A request as every local speech engine gets it, and what the engine can do. */
export interface SpeechOrder {
  readonly engine: string;
  readonly text: string;
  readonly maxChars: number;
}

/**
 * The text as it is handed to the engine.
 * @throws PROVIDER_UNSUPPORTED when it is longer than the engine takes; PROVIDER_REFUSED when nothing in it can be said
 */
export function textToSpeak(order: SpeechOrder): string {
  const { engine, maxChars } = order;
  if (order.text.length > maxChars) {
    throw new DubError(
      'PROVIDER_UNSUPPORTED',
      `${engine} takes at most ${maxChars} characters; this text has ${order.text.length}.`,
      {
        hint: 'Split the line in the script.',
      },
    );
  }
  const text = speakable(order.text);
  if (!hasWords(text)) {
    throw new DubError('PROVIDER_REFUSED', `There is nothing to say in ${JSON.stringify(order.text.slice(0, 40))}.`, {
      hint: 'Give the line some words in the translation, or take it out.',
    });
  }
  return text;
}

/** The error for a voice that is not there; it lists some that are. */
export function unknownVoice(engine: string, voice: string, known: readonly string[]): DubError {
  const shown = known.slice(0, 12).join(', ') + (known.length > 12 ? `, … (${known.length} in all)` : '');
  return new DubError('PROVIDER_UNSUPPORTED', `${engine} has no voice ${JSON.stringify(voice)}. It has: ${shown}.`, {
    hint: `\`dub voices --tts ${engine}\` lists them all.`,
  });
}

/** The error for a language that no voice speaks; it lists those that are spoken. */
export function unspokenLanguage(engine: string, language: string, spoken: readonly string[]): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `${engine} does not speak ${language}. It speaks: ${spoken.join(', ')}.`,
    {
      hint: 'Choose another voice engine with --tts; `dub providers` lists them.',
    },
  );
}

/** The bytes of a file an engine was to write; undefined when it did not. */
export async function readOutput(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
