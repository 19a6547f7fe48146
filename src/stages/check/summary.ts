import type { Gate, Verdict } from '../../domain/dub.js';
import { count, presentLines } from './measure.js';

/**
 * The verdict in two lines: whether it passed and what did not, then the figures people ask for first.
 */
export function summarise(verdict: Verdict): [string, string] {
  const failed = verdict.gates.filter((gate) => !gate.passed);
  const total = verdict.gates.length;
  const first =
    failed.length === 0
      ? `Verdict: all ${total} gates passed, measured on the finished file.`
      : `Verdict: ${failed.length} of ${total} gates failed: ${failed.map(nameWithJudge).join(', ')}.`;
  return [first, figures(verdict)];
}

function nameWithJudge(gate: Gate): string {
  return gate.judges === 'wording' ? `${gate.name} (wording)` : gate.name;
}

function figures(verdict: Verdict): string {
  const gate = (name: string) => verdict.gates.find((one) => one.name === name);
  const figure = (name: string, text: string) => {
    const { value, unit = '' } = gate(name) ?? {};
    return value === undefined ? [] : [`${text} ${value}${unit === '×' || unit === '%' ? unit : ` ${unit}`}`];
  };
  const heard = presentLines(verdict.lines).length;
  return [
    `${heard} of ${count(verdict.lines.length, 'line')} heard`,
    ...figure('onset-error', 'onset error p95'),
    ...figure('placement-error', 'placement p95'),
    ...figure('tempo', 'fastest'),
    ...figure('loudness', ''),
    ...figure('true-peak', 'peak'),
    ...figure('duration', 'length off by'),
  ]
    .map((part) => part.trim())
    .join(' · ');
}
