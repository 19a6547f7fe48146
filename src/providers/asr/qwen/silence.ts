import { DubError } from '../../../errors.js';

/** Codes by which the service says that there is no speech in the sound (qwen-asr-api-reference, 2026). */
const noSpeechCodes = ['SUCCESS_WITH_NO_VALID_FRAGMENT', 'ASR_RESPONSE_HAVE_NO_WORDS'] as const;

/** True for a code that is a result, not a failure. */
export function isNoSpeech(code: string | null | undefined): boolean {
  return noSpeechCodes.some((known) => known === code);
}

/** True for the error of a call whose answer said so; the code is part of its message. */
export function saysNoSpeech(error: unknown): boolean {
  return error instanceof DubError && noSpeechCodes.some((code) => error.message.includes(code));
}
