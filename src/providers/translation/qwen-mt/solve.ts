import { refusalOf, tookTooLong } from '../../vendors/completions/refusals.js';
import { findFault, type LineRules } from '../../vendors/dashscope/lines.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import type { TranslationAnswer, TranslationLine, TranslationReply } from '../contract.js';

/** What happened to one line. */
type Outcome = TranslationAnswer | TranslationReply['failures'][number];

/** Translates one text of one or more lines; undefined when the answer was held back. @throws CutShort */
export type TranslateText = (text: string) => Promise<string | undefined>;

/** One request's work. */
export interface MtWork {
  readonly rules: LineRules;
  /** Most lines in one text. */
  readonly joinLines: number;
  readonly translateText: TranslateText;
}

/** One outcome for every line, in the order of the lines. */
export async function solve(lines: readonly TranslationLine[], work: MtWork): Promise<readonly Outcome[]> {
  const spoken = lines.filter((line) => hasWords(line.text));
  const found = new Map<string, Outcome>();
  const groups = groupsOf(spoken, work.joinLines).map(async (group) => {
    for (const outcome of await solveGroup(group, work)) found.set(outcome.id, outcome);
  });
  // One fault ends all; the others are waited for, so that nothing goes on behind the caller's back.
  const ended = await Promise.allSettled(groups);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return lines.map(({ id }) => found.get(id) ?? failed(id, 'The line has no words to translate.'));
}

/** Consecutive lines; one of digits alone goes by itself, since among others it is taken for their numbering. */
function groupsOf(lines: readonly TranslationLine[], most: number): TranslationLine[][] {
  const groups: TranslationLine[][] = [];
  let closed = true;
  for (const line of lines) {
    const single = !/\p{L}/u.test(line.text);
    const open = groups.at(-1);
    if (open === undefined || closed || single || open.length >= most) groups.push([line]);
    else open.push(line);
    closed = single;
  }
  return groups;
}

/** An answer counts when it has a line for every line; lines that do not hold are asked for by themselves. */
async function solveGroup(lines: readonly TranslationLine[], work: MtWork): Promise<Outcome[]> {
  if (lines.length === 1) return [await solveLine(lines[0]!, work)];
  const text = lines.map((line) => oneLine(line.text)).join('\n');
  const told = await attempt(text, work);
  if (told.refusal !== undefined) return halves(lines, work);
  const answers = told.text.trim().split(/\r?\n/).map(oneLine);
  if (answers.length !== lines.length) return halves(lines, work);
  const outcomes: Outcome[] = [];
  for (const [index, line] of lines.entries()) {
    const answer = answers[index]!;
    const sound = findFault(line.text, answer, work.rules) === undefined;
    outcomes.push(sound ? { id: line.id, text: answer } : await solveLine(line, work));
  }
  return outcomes;
}

async function halves(lines: readonly TranslationLine[], work: MtWork): Promise<Outcome[]> {
  const middle = Math.ceil(lines.length / 2);
  return [...(await solveGroup(lines.slice(0, middle), work)), ...(await solveGroup(lines.slice(middle), work))];
}

/** Asked for once more when the answer does not hold; Qwen-MT cannot be told what was wrong. */
async function solveLine(line: TranslationLine, work: MtWork): Promise<Outcome> {
  let fault = '';
  for (let made = 0; made < 2; made++) {
    const told = await attempt(oneLine(line.text), work);
    if (told.refusal !== undefined) return { id: line.id, ...refusals[told.refusal] };
    const text = oneLine(told.text);
    const found = findFault(line.text, text, work.rules);
    if (found === undefined) return { id: line.id, text };
    fault = found;
  }
  return failed(line.id, `The model gave no usable translation of this line, asked several times: ${fault}.`);
}

type Held = 'content' | 'length' | 'time';

const refusals = {
  content: {
    code: 'PROVIDER_REFUSED',
    message: 'DashScope found the content of this line inappropriate; reword it, or use another translator for it.',
  },
  length: { code: 'PROVIDER_BAD_REPLY', message: 'The line is too long for the model.' },
  time: { code: 'PROVIDER_TIMEOUT', message: 'The model took too long over this line.' },
} as const satisfies Record<Held, { code: string; message: string }>;

type Attempted = { readonly text: string; readonly refusal?: undefined } | { readonly refusal: Held };

async function attempt(text: string, { translateText }: MtWork): Promise<Attempted> {
  try {
    const answer = await translateText(text);
    if (answer === undefined) return { refusal: 'content' };
    return { text: answer };
  } catch (error) {
    if (error instanceof CutShort) return { refusal: 'length' };
    const refusal = refusalOf(error);
    if (refusal === 'content' || refusal === 'length') return { refusal };
    if (tookTooLong(error) && text.includes('\n')) return { refusal: 'time' };
    throw error;
  }
}

/** An answer ended at the model's longest output. */
export class CutShort extends Error {
  override readonly name = 'CutShort';
}

function failed(id: string, message: string): Outcome {
  return { id, code: 'PROVIDER_BAD_REPLY', message };
}
