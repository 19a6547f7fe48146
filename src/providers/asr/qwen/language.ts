import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { AsrModel } from './models.js';

/**
 * The model's code for a language; undefined when none was named.
 * @throws `PROVIDER_UNSUPPORTED` for a language it does not know, before anything is paid
 */
export function codeFor(language: string | undefined, model: AsrModel): string | undefined {
  if (language === undefined) return undefined;
  const code = model.codes.get(primaryLanguage(language));
  if (code !== undefined) return code;
  const known = [...new Set(model.codes.values())].join(', ');
  throw new DubError('PROVIDER_UNSUPPORTED', `${model.id} does not recognise ${language}; it knows ${known}.`, {
    hint: 'Choose another recogniser with --asr, or hand in the text with --script.',
  });
}
