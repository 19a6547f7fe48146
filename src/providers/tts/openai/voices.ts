import { primaryLanguage } from '../../../domain/language.js';
import type { OpenAiServer } from '../../vendors/audio-server/openai.js';
import { readVoiceNames } from '../../vendors/audio-server/voice-names.js';
import type { Voice } from '../contract.js';

/** Voices of OpenAI's own models (openai-openapi, 2026-08). Every one speaks any language. */
const openAiVoices = 'alloy ash ballad coral echo fable nova onyx sage shimmer verse marin cedar'.split(' ');
/** Voices of Orpheus at Groq, English all of them. */
const groqVoices = 'autumn diana hannah austin daniel troy'.split(' ');

/** Voices that a server has. */
export interface ServerVoices {
  readonly names: readonly string[];
  /** False where the server lists none and the names are only what is usual. */
  readonly listed: boolean;
}

/** Asks a server for its voices; services without a list are known by their host. */
export async function askVoices(client: OpenAiServer, signal: AbortSignal): Promise<ServerVoices> {
  if (/(^|\.)openai\.com$/.test(client.host)) return { names: openAiVoices, listed: true };
  if (/(^|\.)groq\.com$/.test(client.host)) return { names: groqVoices, listed: false };
  for (const route of ['/audio/voices', '/voices']) {
    const { status, body } = await client.look(route, signal);
    const names = status === 200 && body.json !== undefined ? readVoiceNames(body.json) : [];
    if (names.length > 0) return { names, listed: true };
  }
  return { names: openAiVoices, listed: false };
}

/** Languages of Kokoro by the first letter of a voice: `af_heart` is an American woman. */
const kokoroLanguages: Readonly<Record<string, string>> = {
  a: 'en-US',
  b: 'en-GB',
  e: 'es',
  f: 'fr',
  h: 'hi',
  i: 'it',
  j: 'ja',
  p: 'pt-BR',
  z: 'zh',
};

/** The language that a voice of Kokoro reads by; undefined for voices of other models and mixes of them. */
export function kokoroLanguage(voice: string): string | undefined {
  const [, letter] = /^([abefhijpz])[fm]_[a-z0-9]+$/.exec(voice) ?? [];
  return letter === undefined ? undefined : kokoroLanguages[letter];
}

/** The letter that Kokoro has for a language. */
export function kokoroLetter(language: string): string | undefined {
  const entries = Object.entries(kokoroLanguages);
  const exact = entries.find(([, tag]) => tag.toLowerCase() === language.toLowerCase());
  return (exact ?? entries.find(([, tag]) => primaryLanguage(tag) === primaryLanguage(language)))?.[0];
}

/** Voices for a language, those first that are at home in it; a voice of which nothing is known may speak any. */
export function offer(
  names: readonly string[],
  language: string | undefined,
  note: (name: string) => string | undefined,
): Voice[] {
  const voices = names.map((name): Voice => {
    const own = kokoroLanguage(name);
    const gender = own === undefined ? undefined : name[1] === 'f' ? 'female' : 'male';
    const languages = own !== undefined ? [own] : language === undefined ? [] : [language];
    return { name, languages, gender, note: note(name) };
  });
  if (language === undefined) return voices;
  return voices.filter(({ languages }) => languages.some((tag) => primaryLanguage(tag) === primaryLanguage(language)));
}
