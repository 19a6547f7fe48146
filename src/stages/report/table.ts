import { formatClock } from '../../domain/time.js';
import { onsetErrorMs, paceOf, type ReportLine } from './lines.js';
import { element, escapeHtml } from './markup.js';

const head = [
  '',
  'line',
  'at',
  'source',
  'dub',
  'voice',
  'onset error',
  'tempo',
  'likeness',
  'level',
  'leakage',
  'remarks',
];

/** Every line with its texts, figures and two buttons to hear it. */
export function lineTable(
  lines: readonly ReportLine[],
  languages: { readonly source: string; readonly dub: string },
): string {
  const cells = element('tr', {}, ...head.map((text) => element('th', {}, text)));
  const rows = lines.map((line) => row(line, languages));
  return element('table', { class: 'lines' }, element('thead', {}, cells), element('tbody', {}, ...rows));
}

function row(line: ReportLine, languages: { readonly source: string; readonly dub: string }): string {
  const { reading, placement } = line;
  const error = onsetErrorMs(line);
  const tempo = reading?.tempo ?? placement?.tempo;
  const text = (content: string, attributes = {}) => element('td', attributes, escapeHtml(content));
  return element(
    'tr',
    { id: line.id, class: paceOf(line), 'data-line': line.id },
    element('td', { class: 'buttons' }, ...buttons(line)),
    text(`${line.id} ${line.speaker}`),
    text(formatClock(line.startMs)),
    text(line.sourceText, { lang: languages.source, dir: 'auto' }),
    text(line.text ?? '', { lang: languages.dub, dir: 'auto' }),
    text(line.voice ?? ''),
    text(error === undefined ? '' : `${error} ms`, { class: 'number' }),
    text(tempo === undefined ? '' : `${tempo.toFixed(2)}x`, { class: 'number' }),
    text(reading === undefined ? '' : reading.likeness.toFixed(2), { class: 'number' }),
    text(reading?.levelLufs === undefined ? '' : `${reading.levelLufs.toFixed(1)} LUFS`, { class: 'number' }),
    text(reading?.leakageDb === undefined ? '' : `${reading.leakageDb.toFixed(1)} dB`, { class: 'number' }),
    text(remarks(line).join('; ')),
  );
}

function buttons(line: ReportLine): string[] {
  const { reading, placement, startMs, endMs } = line;
  const made = [play('source', startMs, endMs, line.id)];
  if (placement === undefined) return made;
  const from = reading?.onsetMs ?? placement.startMs;
  return [...made, play('dub', from, reading?.endMs ?? placement.startMs + placement.durationMs, line.id)];
}

function play(track: 'source' | 'dub', startMs: number, endMs: number, id: string): string {
  const attributes = {
    type: 'button',
    'data-play': track,
    'data-line': id,
    'data-from': (startMs / 1000).toFixed(3),
    'data-to': (endMs / 1000).toFixed(3),
    title: `hear ${track === 'source' ? 'the source of' : 'the dub of'} ${id}`,
  };
  return element('button', attributes, `▶ ${track}`);
}

function remarks({ reading, failure, excessMs, placement }: ReportLine): string[] {
  const told: string[] = [];
  if (failure !== undefined) told.push(`not voiced: ${failure}`);
  if (excessMs !== undefined) told.push(`${excessMs} ms too long`);
  if (placement?.runsOnFrom !== undefined) told.push(`one run with ${placement.runsOnFrom}`);
  if (placement !== undefined && reading?.present === false) told.push('not heard');
  if (reading?.copyMs !== undefined) told.push(`heard again at ${formatClock(reading.copyMs)}`);
  if (reading?.cutMs !== undefined) told.push(`cut by ${reading.cutMs} ms`);
  if (reading?.fitting === 'resampled') told.push('pitch changed with the tempo');
  if (reading?.fitting === 'unfitted') told.push('not at its planned tempo');
  return told;
}
