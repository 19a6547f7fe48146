import type { OutputSummary } from '../../pipeline/events.js';
import type { Style } from '../render/style.js';
import { count, formatSeconds, visible } from '../render/text.js';
import type { BatchSummary, FileOutcome } from './outcome.js';

/** One line on what became of a file: `talk.mp4: exit 0, es 5 of 5 lines, passed (12 s)`. */
export function describeOutcome(label: string, outcome: FileOutcome, style: Style): string {
  const { state, exit, code, message, outputs, ms } = outcome;
  const name = visible(label);
  if (state === 'not-started') return `${name}: not started`;
  const head = `${name}: exit ${exit}`;
  if (state === 'interrupted') return `${head}, interrupted; what it has finished is kept`;
  if (state === 'failed' && code !== undefined) return style.red(`${head}, ${code}: ${visible(message ?? '')}`);
  const told = outputs.map((output) => describeOutput(output)).join('; ');
  const text = `${head}, ${told}${state === 'finished-before' ? '' : ` (${formatSeconds(ms)})`}`;
  return state === 'gaps' ? style.yellow(text) : text;
}

function describeOutput({ language, lines, verdict, kept }: OutputSummary): string {
  const missed = verdict?.gates.filter(({ passed }) => !passed).length ?? 0;
  const gates = verdict === undefined ? 'not measured' : missed === 0 ? 'passed' : `missed ${count(missed, 'gate')}`;
  return `${language} ${lines.voiced} of ${count(lines.total, 'line')}, ${gates}${kept ? ', finished before' : ''}`;
}

const stateWords = {
  done: 'done',
  'finished-before': 'finished before',
  gaps: 'with gaps',
  failed: 'failed',
  interrupted: 'interrupted',
  'not-started': 'not started',
} as const satisfies Record<FileOutcome['state'], string>;

/** The last words of a batch: how many files came to what, and what to do about the rest. */
export function describeBatch({ counts, files, exit }: BatchSummary, ms: number): string {
  if (files.length === 0) return 'Nothing to do.\n';
  const parts = Object.entries(stateWords).flatMap(([state, word]) => {
    const number = counts[state as FileOutcome['state']];
    return number === 0 ? [] : [`${number} ${word}`];
  });
  const lines = [`${count(files.length, 'file')}: ${parts.join(', ')}; exit ${exit}, ${formatSeconds(ms)}`];
  // An interruption is told with the same words.
  if (counts.failed > 0 && counts.interrupted + counts['not-started'] === 0)
    lines.push('The same command does only what is missing.');
  return `${lines.join('\n')}\n`;
}
