import { primaryLanguage } from '../../../domain/language.js';

/** Languages of the multilingual models, BCP 47 primary codes. Source: `g_lang` in src/whisper.cpp. */
export const whisperLanguages =
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no nb nn th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk mt sa lb my bo tl fil mg as tt haw ln ha ba jv su yue'.split(
    ' ',
  );

const whisperNames: Readonly<Record<string, string>> = { nb: 'no', jv: 'jw', fil: 'tl' };
const ownNames: Readonly<Record<string, string>> = { jw: 'jv' };

/** A BCP 47 tag as `-l` takes it; undefined when whisper does not know the language. */
export function toWhisperLanguage(tag: string): string | undefined {
  const primary = primaryLanguage(tag);
  return whisperLanguages.includes(primary) ? (whisperNames[primary] ?? primary) : undefined;
}

/** Whisper's code as BCP 47. */
export function fromWhisperLanguage(code: string): string {
  return ownNames[code] ?? code;
}
