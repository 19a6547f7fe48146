import { basename } from 'node:path';
import type { OutputSummary, RunSummary } from '../../pipeline/events.js';
import { renderReceipt } from './receipt.js';
import type { Style } from './style.js';
import { count, formatSeconds, visible } from './text.js';

type Gate = NonNullable<OutputSummary['verdict']>['gates'][number];

const listedLines = 10;

/** The end of a run for people: for each output two lines of verdict, then what is to be done about it. */
export function renderSummary(summary: RunSummary, style: Style): string {
  const outputs = summary.outputs.flatMap((output) => renderOutput(output, style));
  const cost = summary.receipt === undefined ? '' : renderReceipt(summary.receipt, style);
  return `${cost}${[...outputs, style.dim(`${count(summary.outputs.length, 'file')} in ${formatSeconds(summary.ms)}; work in ${visible(summary.work)}`)].join('\n')}\n`;
}

function renderOutput(output: OutputSummary, style: Style): string[] {
  return [
    verdictLine(output, style),
    ...measuredLine(output),
    ...adaptedLine(output),
    ...listed(doubtfulLines(output, style)),
    ...meaning(output, style),
    ...listed(
      (output.fallbacks ?? []).map((one) => `  ${style.yellow('by another engine:')} ${describeFallback(one)}`),
    ),
    ...listed(output.warnings.map((warning) => `  ${style.yellow('warning:')} ${visible(warning)}`)),
    ...listed(output.failures.map((failure) => describeFailure(failure, style))),
  ];
}

function verdictLine(output: OutputSummary, style: Style): string {
  const { voiced, total } = output.lines;
  const lines = `${voiced} of ${count(total, 'line')} voiced`;
  const name = style.bold(visible(basename(output.path)));
  if (!output.verdict) return `${name}: not measured, ${lines}`;
  const { gates } = output.verdict;
  const missed = gates.filter((gate) => !gate.passed).length;
  const verdict =
    missed === 0
      ? style.green(`passed all ${gates.length} gates`)
      : style.red(`missed ${missed} of ${gates.length} gates`);
  return `${name}: ${verdict}, ${lines}`;
}

/** The missed gates with what was measured, or the figures people ask for first when all passed. */
function measuredLine(output: OutputSummary): string[] {
  const gates = output.verdict?.gates ?? [];
  const missed = gates.filter((gate) => !gate.passed);
  if (missed.length > 0) return missed.map((gate) => `  ${gate.name}: ${visible(gate.detail)} (limit ${gate.limit})`);
  const figures = gates.flatMap((gate) => (figureNames.has(gate.name) ? [formatFigure(gate)] : []));
  return figures.length === 0 ? [] : [`  ${figures.join(' · ')}`];
}

/** What --verify found. */
function doubtfulLines({ verified }: OutputSummary, style: Style): string[] {
  if (verified === undefined) return [];
  const { lost, unlike, recogniser, voicedAgain } = verified;
  const heard = recogniser === undefined ? '' : `, heard again by ${recogniser}`;
  const again = voicedAgain === 0 ? '' : `, ${count(voicedAgain, 'line')} voiced again`;
  const mark = style.yellow('doubtful:');
  const errors = (rate: number) => `${Math.round(Math.min(1, rate) * 100)} % of it not heard as written`;
  return [
    ...(lost.length + unlike.length === 0 ? [`  verified: no line is doubtful${heard}${again}`] : []),
    ...lost.map(
      ({ utteranceId, kind, what }) => `  ${mark} line ${utteranceId}: the ${kind} ${visible(what)} is missing`,
    ),
    ...unlike.map((line) => `  ${mark} line ${line.utteranceId}: ${errors(line.errorRate)}${again}`),
  ];
}

/** What was done about lines that did not fit. */
function adaptedLine({ adapted }: OutputSummary): string[] {
  if (adapted === undefined) return [];
  const { rate, wording, tried } = adapted;
  const done = [
    ...(wording > 0 ? [`${count(wording, 'line')} reworded`] : []),
    ...(rate > 0 ? [`${count(rate, 'line')} at the voice's own other rate`] : []),
  ];
  const told = done.length === 0 ? 'nothing fitted better' : done.join(', ');
  return [`  made to fit: ${told} (${count(tried, 'take')} tried)`];
}

/** Gates whose figure is told even when they passed, in the words of people. */
const figureNames: ReadonlyMap<string, string> = new Map([
  ['onset-error', 'onsets off by'],
  ['tempo', 'fastest'],
  ['outside-speech', 'outside speech'],
  ['duration', 'length off by'],
  ['loudness', 'loudness'],
  ['true-peak', 'peak'],
]);

function formatFigure(gate: Gate): string {
  const name = figureNames.get(gate.name);
  if (gate.value === undefined) return `${name} –`;
  // As the stage that placed the lines has told it.
  if (gate.name === 'tempo') return `${name} ${gate.value.toFixed(2)}x`;
  return `${name} ${Number(gate.value.toFixed(1))} ${gate.unit ?? ''}`.trim();
}

function meaning(output: OutputSummary, style: Style): string[] {
  const missed = output.verdict?.gates.filter((gate) => !gate.passed) ?? [];
  const told: string[] = [];
  if (missed.some((gate) => gate.judges === 'file'))
    told.push('Only dub itself can mend that, not the wording: please report it.');
  if (missed.some((gate) => gate.judges === 'wording')) {
    told.push('A shorter or longer wording of the lines that do not fit would pass the rest.');
  }
  if (output.lines.overflowed > 0)
    told.push(
      `${count(output.lines.overflowed, 'line')} ${output.lines.overflowed === 1 ? 'is' : 'are'} too long even at the fastest tempo.`,
    );
  return told.map((text) => style.yellow(`  ${text}`));
}

function describeFailure(failure: OutputSummary['failures'][number], style: Style): string {
  const { utteranceId, stage, code, message } = failure;
  return `  ${style.red('not voiced:')} line ${utteranceId} (${stage}, ${code}): ${visible(message)}`;
}

function listed(lines: readonly string[]): readonly string[] {
  if (lines.length <= listedLines) return lines;
  return [...lines.slice(0, listedLines), `  … and ${lines.length - listedLines} more; --json lists them all.`];
}

const doneBy: Readonly<Record<string, string>> = {
  transcribe: 'the speech was recognised',
  translate: 'translated',
  synthesize: 'voiced',
};

function describeFallback({ stage, from, to, utteranceIds }: NonNullable<OutputSummary['fallbacks']>[number]): string {
  const shown = utteranceIds.slice(0, 8).join(', ');
  const more = utteranceIds.length > 8 ? ` and ${utteranceIds.length - 8} more` : '';
  const lines = utteranceIds.length === 0 ? '' : `${utteranceIds.length === 1 ? 'line' : 'lines'} ${shown}${more} `;
  return visible(`${lines}${doneBy[stage] ?? stage} by ${to} instead of ${from}`);
}
