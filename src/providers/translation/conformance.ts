import {
  type Check,
  CheckSkipped,
  claim,
  expectError,
  type Fault,
  type FaultHooks,
  faultChecks,
  readinessChecks,
  requireFaulty,
} from '../conformance.js';
import type { TranslationLine, TranslationProvider, TranslationReply } from './contract.js';

/** A line, and something its translation is known by: a number or a name that stays. */
export interface MarkedLine extends TranslationLine {
  readonly mark: string;
}

/** A translation provider under test. */
export interface TranslationSubject extends FaultHooks<TranslationProvider> {
  readonly provider: TranslationProvider;
  readonly source: string;
  readonly target: string;
  /** At least three. */
  readonly lines: readonly MarkedLine[];
  /** Lines of another request, with other ids and marks; the same when one file holds the only answers. */
  readonly otherLines: readonly MarkedLine[];
  /** A pair it does not serve; undefined when it serves any. */
  readonly unservedPair?: { readonly source: string; readonly target: string } | undefined;
}

const never = new AbortController().signal;

/** What every translation provider must keep. */
export const translationConformance: readonly Check<TranslationSubject>[] = [
  ...readinessChecks<TranslationProvider>(),
  {
    name: 'states limits that can be used',
    safe: true,
    async run({ provider }) {
      for (const [name, value] of Object.entries(provider.limits)) {
        if (typeof value === 'number') claim(Number.isInteger(value) && value > 0, `${name} is ${value}.`);
      }
    },
  },
  {
    name: 'answers every line under its own id, in order',
    safe: true,
    async run(subject) {
      const reply = await subject.provider.translate(requestFor(subject, subject.lines), never);
      checkAnswers(reply, subject.lines);
      const ids = reply.lines.map((line) => line.id);
      const order = subject.lines.map((line) => line.id).filter((id) => ids.includes(id));
      claim(ids.join() === order.join(), `The lines come as ${ids.join(', ')}.`);
    },
  },
  {
    name: 'says which pairs it serves',
    safe: true,
    async run({ provider, source, target, unservedPair }) {
      claim(await provider.supports(source, target, never), `It says it does not serve ${source} to ${target}.`);
      if (!unservedPair) return;
      const claims = await provider.supports(unservedPair.source, unservedPair.target, never);
      claim(!claims, `It says it serves ${unservedPair.source} to ${unservedPair.target}.`);
    },
  },
  {
    name: 'refuses a pair it does not serve, by name',
    safe: true,
    async run(subject) {
      const pair = subject.unservedPair;
      if (!pair) throw new CheckSkipped('it serves any pair');
      const work = subject.provider.translate({ ...pair, lines: subject.lines }, never);
      const error = await expectError(work, ['PROVIDER_UNSUPPORTED'], `${pair.source} to ${pair.target}`);
      claim(error.message.includes(pair.target), `The error does not name ${pair.target}: ${error.message}`);
    },
  },
  {
    name: 'answers no lines with no lines',
    safe: true,
    async run(subject) {
      const reply = await subject.provider.translate(requestFor(subject, []), never);
      claim(reply.lines.length === 0 && reply.failures.length === 0, 'It answers lines that were not there.');
    },
  },
  {
    name: 'keeps lines apart that hold line breaks, markup and special characters',
    safe: false,
    async run(subject) {
      const odd = ['-- ', '<b>', 'one\ntwo ', '[x] {y} ^z$ / \\ @ * # % ', '"quoted" ', '\u0000\u0007', '😀 '];
      const lines = odd.map((text, index) => {
        const like = subject.lines[index % subject.lines.length]!;
        return { ...like, id: `${like.id}-${index}`, text: text + like.text };
      });
      checkAnswers(await subject.provider.translate(requestFor(subject, lines), never), lines);
    },
  },
  {
    name: 'says of a line without words that it failed',
    safe: true,
    async run(subject) {
      const bare = { ...subject.lines[0]!, id: 'bare', text: ' … ', segmentIds: [] };
      const reply = await subject.provider.translate(requestFor(subject, [bare]), never);
      const failed = reply.failures.some((failure) => failure.id === 'bare' && failure.message !== '');
      const copied = reply.lines.some((line) => line.id === 'bare' && /\p{L}/u.test(line.text));
      claim(failed && !copied, 'It neither fails the line nor says why.');
    },
  },
  {
    name: 'does not mix two calls at once',
    safe: true,
    async run(subject) {
      const [one, two] = await Promise.all([
        subject.provider.translate(requestFor(subject, subject.lines), never),
        subject.provider.translate(requestFor(subject, subject.otherLines), never),
      ]);
      checkAnswers(one, subject.lines);
      checkAnswers(two, subject.otherLines);
    },
  },
  {
    name: 'never leaves out a line in silence when the reply breaks off',
    safe: false,
    run: (subject) => expectNoLoss(subject, 'cut'),
  },
  {
    name: 'never leaves out a line in silence when the reply is empty',
    safe: false,
    run: (subject) => expectNoLoss(subject, 'empty'),
  },
  ...faultChecks(translateLines),
];

/** Either the whole request fails, or each line that has no answer is among the failures. */
async function expectNoLoss(subject: TranslationSubject, fault: Fault): Promise<void> {
  const { provider } = await requireFaulty(subject, fault);
  let reply: TranslationReply;
  try {
    reply = await translateLines(subject, provider, never);
  } catch (error) {
    const codes = ['PROVIDER_BAD_REPLY', 'PROVIDER_UNREACHABLE', 'INPUT_UNREADABLE'] as const;
    await expectError(Promise.reject(error), codes, `the fault ${fault}`);
    return;
  }
  checkComplete(reply, subject.lines);
  claim(reply.failures.length > 0, 'Every line has an answer although the reply broke off.');
}

function translateLines(subject: TranslationSubject, provider: TranslationProvider, signal: AbortSignal) {
  return provider.translate(requestFor(subject, subject.lines), signal);
}

function requestFor({ source, target }: TranslationSubject, lines: readonly TranslationLine[]) {
  return { source, target, lines };
}

function checkAnswers(reply: TranslationReply, lines: readonly MarkedLine[]): void {
  checkComplete(reply, lines);
  const failed = reply.failures[0];
  claim(failed === undefined, `The line ${failed?.id} failed: ${failed?.message}`);
  for (const { id, mark } of lines) {
    const text = reply.lines.find((line) => line.id === id)?.text ?? '';
    claim(text.includes(mark), `The line ${id} reads ${JSON.stringify(text)}, where ${JSON.stringify(mark)} is due.`);
    claim(!/[\n\r]/.test(text), `The line ${id} holds a line break.`);
  }
}

function checkComplete(reply: TranslationReply, lines: readonly TranslationLine[]): void {
  const told = [...reply.lines, ...reply.failures].map((answer) => answer.id);
  claim(new Set(told).size === told.length, `An id is answered twice: ${told.join(', ')}.`);
  const missing = lines.find((line) => !told.includes(line.id));
  claim(missing === undefined, `The line ${missing?.id} has neither an answer nor a failure.`);
  const unknown = told.find((id) => !lines.some((line) => line.id === id));
  claim(unknown === undefined, `The id ${unknown} was never asked for.`);
}
