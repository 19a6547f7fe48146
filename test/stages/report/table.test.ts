import { expect, test } from 'vitest';
import type { ReportLine } from '../../../src/stages/report/lines.js';
import { lineTable } from '../../../src/stages/report/table.js';

function reportLine(id: string, more: Partial<ReportLine>): ReportLine {
  const said = { speaker: 'A', startMs: 0, endMs: 900, sourceText: 'one', text: 'uno', voice: 'v' };
  return { id, ...said, placement: undefined, reading: undefined, excessMs: undefined, failure: undefined, ...more };
}

test('the page says of a line that it is one run with the line before', () => {
  const placement = { utteranceId: 'u0002', startMs: 400, durationMs: 500, tempo: 1 };
  const remarksOf = (line: ReportLine) =>
    /<td[^>]*>([^<]*)<\/td><\/tr>/.exec(lineTable([line], { source: 'en', dub: 'es' }))![1];
  expect(remarksOf(reportLine('u0002', { placement: { ...placement, runsOnFrom: 'u0001' } }))).toBe(
    'one run with u0001',
  );
  expect(remarksOf(reportLine('u0002', { placement }))).toBe('');
});
