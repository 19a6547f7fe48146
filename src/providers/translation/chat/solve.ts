import { countUnits } from '../../../domain/spoken/units.js';
import { refusalOf, tookTooLong } from '../../vendors/completions/refusals.js';
import { findFault, type LineRules } from '../../vendors/dashscope/lines.js';
import { hasWords, oneLine } from '../../vendors/local/text.js';
import type { TranslationAnswer, TranslationLine, TranslationReply, TranslationRequest } from '../contract.js';
import type { Asker, Bill, Told } from './ask.js';
import { chooseWording } from './length.js';
import { type Brief, linesPrompt } from './prompt.js';
import { type AnsweredLine, linesSchema, readLines } from './wire.js';

/** What happened to one line. */
type Outcome = TranslationAnswer | TranslationReply['failures'][number];

/** One request's work: lines are asked for together, those without a usable answer again, and then each by itself. */
export interface Work {
  readonly request: TranslationRequest;
  readonly brief: Brief;
  readonly asker: Asker;
  readonly bill: Bill;
  readonly signal: AbortSignal;
}

/** One outcome for every line, in the order of the lines. */
export async function solve(work: Work): Promise<readonly Outcome[]> {
  const { lines } = work.request;
  const spoken = lines.filter((line) => hasWords(line.text));
  const found = new Map((await solveLines(work, spoken, true)).map((outcome) => [outcome.id, outcome]));
  return lines.map(({ id }) => found.get(id) ?? failed(id, 'The line has no words to translate.'));
}

async function solveLines(work: Work, lines: readonly TranslationLine[], withContext: boolean): Promise<Outcome[]> {
  if (lines.length === 0) return [];
  const first = await attempt(work, lines, new Map(), withContext);
  if (typeof first === 'string') return split(work, lines, withContext, first);
  const offenders = lines.filter(({ id }) => first.faults.has(id));
  if (offenders.length === 0) return first.answers;
  const second = await again(work, offenders, first.faults, withContext);
  return [...first.answers, ...second];
}

/** The offenders alone, told what was wrong; whoever offends again, by itself; whoever offends then, fails. */
async function again(
  work: Work,
  lines: readonly TranslationLine[],
  faults: ReadonlyMap<string, string>,
  withContext: boolean,
): Promise<Outcome[]> {
  const second = await attempt(work, lines, faults, withContext);
  if (typeof second === 'string') return split(work, lines, withContext, second);
  const outcomes: Outcome[] = [...second.answers];
  for (const line of lines) {
    const fault = second.faults.get(line.id);
    if (fault === undefined) continue;
    outcomes.push(lines.length === 1 ? badAnswer(line.id, fault) : await alone(work, line, second.faults, withContext));
  }
  return outcomes;
}

async function alone(
  work: Work,
  line: TranslationLine,
  faults: ReadonlyMap<string, string>,
  withContext: boolean,
): Promise<Outcome> {
  const third = await attempt(work, [line], faults, withContext);
  if (typeof third === 'string') return (await split(work, [line], withContext, third))[0]!;
  return third.answers[0] ?? badAnswer(line.id, third.faults.get(line.id) ?? 'it is missing');
}

type Reason = 'content' | 'length' | 'time';

/**
 * What cannot be had together is asked for in halves, down to the line that is to blame. Content is looked for without the
 * lines around, which may be the ones that were found inappropriate.
 */
async function split(
  work: Work,
  lines: readonly TranslationLine[],
  withContext: boolean,
  reason: Reason,
): Promise<Outcome[]> {
  const keepsContext = withContext && reason === 'time';
  if (lines.length > 1) {
    const middle = Math.ceil(lines.length / 2);
    const halves = [lines.slice(0, middle), lines.slice(middle)];
    const outcomes: Outcome[] = [];
    for (const half of halves) outcomes.push(...(await solveLines(work, half, keepsContext)));
    return outcomes;
  }
  if (withContext && !keepsContext && hasContext(work.request)) return solveLines(work, lines, false);
  return lines.map(({ id }) => ({ id, ...reasons[reason] }));
}

const reasons = {
  content: {
    code: 'PROVIDER_REFUSED',
    message: 'The service found the content of this line inappropriate; reword it, or use another translator for it.',
  },
  length: { code: 'PROVIDER_BAD_REPLY', message: 'The line is too long for the model.' },
  time: { code: 'PROVIDER_TIMEOUT', message: 'The model took too long over this line.' },
} as const satisfies Record<Reason, { code: string; message: string }>;

interface Checked {
  readonly answers: TranslationAnswer[];
  readonly faults: ReadonlyMap<string, string>;
}

/** Asks once. @returns why it must be split, when it must */
async function attempt(
  { request, brief, asker, bill, signal }: Work,
  lines: readonly TranslationLine[],
  faults: ReadonlyMap<string, string>,
  withContext: boolean,
): Promise<Checked | Reason> {
  const messages = linesPrompt(request, { lines, faults, withContext }, brief);
  let told: Told<readonly AnsweredLine[]>;
  try {
    told = await asker.ask({ messages, name: 'lines', schema: linesSchema, read: readLines }, bill, signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === 'content' || refusal === 'length') return refusal;
    if (tookTooLong(error) && lines.length > 1) return 'time';
    throw error;
  }
  if (told.ended !== 'whole') return told.ended;
  const { source, target } = request;
  const checked = check(lines, told.value ?? [], { source, target, glossary: brief.glossary }, brief.wordings);
  await request.onAnswers?.(checked.answers);
  return checked;
}

/** Answers that hold, and what is wrong with the others; an id that was not asked for is passed over. */
function check(
  lines: readonly TranslationLine[],
  told: readonly AnsweredLine[],
  rules: LineRules,
  most: number,
): Checked {
  const answers: TranslationAnswer[] = [];
  const faults = new Map<string, string>();
  for (const line of lines) {
    const given = told.filter(({ id }) => id === line.id);
    const one = given.length === 1 ? readWordings(line, given[0]!.wordings, rules, most) : undefined;
    if (one !== undefined && 'id' in one) answers.push(one);
    else faults.set(line.id, one?.fault ?? (given.length === 0 ? 'it is missing' : 'its id came more than once'));
  }
  return { answers, faults };
}

function readWordings(
  line: TranslationLine,
  given: readonly string[],
  rules: LineRules,
  most: number,
): TranslationAnswer | { readonly fault: string } {
  const texts = given.map(oneLine);
  const judged = texts.map((text) => ({ text, fault: findFault(line.text, text, rules) }));
  const sound = [...new Set(judged.filter(({ fault }) => fault === undefined).map(({ text }) => text))];
  if (sound.length === 0) return { fault: judged[0]?.fault ?? 'it is empty' };
  const wordings = sound
    .map((text) => ({ text, length: countUnits(text, rules.target) }))
    .sort((a, b) => a.length - b.length)
    .map(({ text }) => text)
    .slice(0, most);
  const text = chooseWording(wordings, line.budget, rules.target);
  return { id: line.id, text, ...(wordings.length > 1 ? { wordings } : {}) };
}

function hasContext({ before = [], after = [], notes }: TranslationRequest): boolean {
  return before.length > 0 || after.length > 0 || notes !== undefined;
}

function badAnswer(id: string, fault: string): Outcome {
  return failed(id, `The model gave no usable translation of this line, asked several times: ${fault}.`);
}

function failed(id: string, message: string): Outcome {
  return { id, code: 'PROVIDER_BAD_REPLY', message };
}
