import { toy } from '../dashscope/chat.js';
import type { ScriptLine } from '../dashscope/ear.js';

/** Translates lines whose translation is known; others by a toy tongue. */
export interface PhraseBook {
  learn(script: readonly ScriptLine[], language: string, translation: readonly ScriptLine[]): void;
  translate(text: string, source: string, target: string): string;
}

interface Phrase {
  readonly said: string;
  readonly meant: string;
}

/** A book without phrases. */
export function createPhraseBook(): PhraseBook {
  const books = new Map<string, Phrase[]>();
  return {
    learn(script, language, translation) {
      const phrases = books.get(language) ?? [];
      books.set(language, phrases);
      for (const [index, { text }] of script.entries()) {
        const meant = translation[index]?.text;
        if (meant !== undefined) phrases.push({ said: plain(text), meant });
      }
    },
    translate(text, _source, target) {
      return inPhrases(plain(text), books.get(primary(target)) ?? [], target) ?? toy(text);
    },
  };
}

/** A line may be several cues that were joined: it is taken apart from its beginning. */
function inPhrases(text: string, phrases: readonly Phrase[], target: string): string | undefined {
  if (text === '') return '';
  for (const { said, meant } of phrases) {
    if (!text.startsWith(said)) continue;
    const rest = inPhrases(text.slice(said.length).trim(), phrases, target);
    if (rest === undefined) continue;
    return rest === '' ? meant : [meant, rest].join(/^(zh|ja)\b/.test(target) ? '' : ' ');
  }
  return undefined;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function primary(language: string): string {
  return language.split('-')[0]!.toLowerCase();
}
