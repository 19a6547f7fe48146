import { resolve } from 'node:path';
import { readLanguage } from '../../config/readers.js';
import type { Verdict } from '../../domain/dub.js';
import { DubError, exitNumbers } from '../../errors.js';
import type { Measured } from '../../pipeline/check.js';
import type { Call } from '../call.js';
import { findTools } from '../media.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** `dub check <output or work folder…>`: measures finished files; exit 7 under --strict when a gate is missed. */
export async function checkCommand(call: Call): Promise<number> {
  const { operands, calls } = call.line;
  if (operands.length === 0) {
    throw new DubError('USAGE', 'No finished dub is named.', {
      hint: 'For example: dub check talk.es.mp4, or the work folder talk.dub.',
    });
  }
  const { config } = await call.loadConfig();
  const place = { label: '--lang', folder: call.io.cwd, code: 'USAGE' } as const;
  const language = calls.lang === undefined ? undefined : readLanguage(calls.lang, place);
  const media = await findTools(config);
  const { checkFinished } = await import('../../pipeline/check.js');
  const verdicts: Verdict[] = [];
  for (const operand of operands) {
    const path = resolve(call.io.cwd, operand);
    const tools = { signal: call.signal, media, sink: () => undefined };
    const found = await checkFinished(path, { work: config.work, language }, tools);
    for (const measured of found) tell(measured, call);
    verdicts.push(...found.map(({ verdict }) => verdict));
  }
  const passed = verdicts.every((verdict) => verdict.passed);
  return config.strict && !passed ? exitNumbers.VERDICT_FAILED : 0;
}

function tell({ verdict, report }: Measured, call: Call): void {
  if (call.json) call.printAnswer('verdict', { ...verdict, report });
  else
    call.print(
      `${renderVerdict(verdict, call)}  ${call.outStyle.dim(`report: ${visible(report ?? 'none, the work folder cannot be written to')}`)}\n`,
    );
}

function renderVerdict(verdict: Verdict, call: Call): string {
  const { bold, green, red, yellow } = call.outStyle;
  const rows = verdict.gates.map((gate) => {
    const value = gate.value === undefined ? '–' : `${Math.round(gate.value * 100) / 100} ${gate.unit ?? ''}`.trim();
    const mark = gate.passed ? green('passed') : gate.judges === 'wording' ? yellow('missed') : red('missed');
    return [mark, gate.name, value, gate.limit, visible(gate.detail)];
  });
  const head = ['', 'gate', 'measured', 'limit', 'what it means'].map(bold);
  const missed = verdict.gates.filter((gate) => !gate.passed).length;
  const total = verdict.gates.length;
  const result = missed === 0 ? green(`passed all ${total} gates`) : red(`missed ${missed} of ${total} gates`);
  return `${bold(visible(verdict.output))}: ${result}\n${renderTable([head, ...rows], '  ')}`;
}
