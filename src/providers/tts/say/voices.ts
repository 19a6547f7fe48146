import { parseLanguage } from '../../../domain/language.js';
import type { Voice } from '../contract.js';

/** Voices that are jokes or sound effects, never cast by themselves: they come last. */
const novelty = new Set(
  'Albert,Bad News,Bahh,Bells,Boing,Bubbles,Cellos,Deranged,Good News,Hysterical,Jester,Organ,Pipe Organ,Superstar,Trinoids,Whisper,Wobble,Zarvox'.split(
    ',',
  ),
);

/**
 * Reads what `say -v '?'` prints: `Name  xx_XX  # sample`, where names may hold spaces and brackets. Downloaded better
 * voices come first.
 */
export function readVoiceList(printed: string): Voice[] {
  const voices: Voice[] = [];
  for (const line of printed.split('\n')) {
    const [, name, tag] = /^(.+?)\s+([a-z]{2,3}(?:[_-][A-Za-z0-9]+)*)\s+#/.exec(line) ?? [];
    if (name && tag) voices.push({ name, languages: [parseLanguage(tag) ?? tag], gender: undefined });
  }
  return voices.sort((a, b) => rank(a.name) - rank(b.name));
}

function rank(name: string): number {
  if (/\((Premium|Enhanced)\)/i.test(name)) return name.toLowerCase().includes('premium') ? 0 : 1;
  return novelty.has(name.replace(/ \(.*/, '')) ? 3 : 2;
}
