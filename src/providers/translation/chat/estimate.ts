import type { CallEstimate, Units } from '../../contract.js';
import type { ChatMessage } from '../../vendors/completions/chat.js';
import { roughTokens, shortToken, usualToken } from '../../vendors/completions/tokens.js';
import type { ScriptRequest, TranslationRequest } from '../contract.js';
import { type Brief, linesPrompt, notesPrompt } from './prompt.js';

/** Tokens around the wordings of one line in the answer: braces, the id, the names. */
const tokensAroundLine = 12;

/** A translation has about as many tokens as its source, a little more in most languages. */
const growth = 1.15;

/** Wordings given of a line where several are allowed: one is enough for a line that fits easily. */
const usualWordings = 1.8;

/** How much is asked for a second time when many answers do not hold. */
const againAtMost = 1.5;

/** What translating some lines takes: the very prompt, and an answer in proportion to the lines. */
export function estimateLines(request: TranslationRequest, brief: Brief, model: string): CallEstimate {
  const messages = linesPrompt(request, { lines: request.lines, faults: new Map(), withContext: true }, brief);
  const text = request.lines.map((line) => line.text).join('');
  const answer = (wordings: number, charactersPerToken: number) =>
    request.lines.length * tokensAroundLine + wordings * growth * roughTokens(text, charactersPerToken);
  return {
    likely: units(
      model,
      promptTokens(messages, usualToken),
      answer(Math.min(usualWordings, brief.wordings), usualToken),
    ),
    most: units(
      model,
      againAtMost * promptTokens(messages, shortToken),
      againAtMost * answer(brief.wordings, shortToken),
    ),
  };
}

/** What reading a script takes: at most 120 words of summary and 40 terms come back. */
export function estimateNotes(script: ScriptRequest, brief: Brief, model: string): CallEstimate {
  const messages = notesPrompt(script, brief);
  return {
    likely: units(model, promptTokens(messages, usualToken), 300),
    most: units(model, promptTokens(messages, shortToken), 1200),
  };
}

function promptTokens(messages: readonly ChatMessage[], charactersPerToken: number): number {
  return roughTokens(messages.map(({ content }) => content).join(''), charactersPerToken);
}

function units(model: string, input: number, output: number): Units[] {
  return [
    { unit: 'input-token', count: Math.ceil(input), model },
    { unit: 'output-token', count: Math.ceil(output), model },
  ];
}
