import { formatClock } from '../../domain/time.js';
import { waveform } from './charts.js';
import { paceOf, type ReportLine } from './lines.js';
import { element, escapeHtml } from './markup.js';
import type { Picture } from './picture.js';

/** What the time axis shows. */
export interface AxisParts {
  readonly lines: readonly ReportLine[];
  readonly before: Picture;
  readonly after: Picture;
  readonly programmeMs: number;
  readonly speakers: readonly string[];
}

const laneHeight = 22;

/** The film from left to right: the source's waveform and lines above, the dub's below, a lane for each speaker. */
export function timeAxis({ lines, before, after, programmeMs, speakers }: AxisParts): string {
  const place = (startMs: number, endMs: number) =>
    `left:${percent(startMs, programmeMs)};width:${percent(endMs - startMs, programmeMs)}`;
  const lanes = (blocks: readonly string[]) =>
    element('div', { class: 'lanes', style: `height:${speakers.length * laneHeight}px` }, ...blocks);
  const top = (line: ReportLine) => `top:${speakers.indexOf(line.speaker) * laneHeight}px`;
  const spoken = lines.map((line) =>
    block(line, 'source', `${place(line.startMs, line.endMs)};${top(line)}`, line.startMs, line.endMs),
  );
  const dubbed = lines.flatMap((line) => {
    const { placement, reading } = line;
    if (placement === undefined) return [];
    const startMs = reading?.onsetMs ?? placement.startMs;
    const endMs = reading?.endMs ?? placement.startMs + placement.durationMs;
    return [block(line, 'dub', `${place(startMs, endMs)};${top(line)}`, startMs, endMs)];
  });
  const axis = element(
    'div',
    { class: 'axis', id: 'axis', 'data-seconds': (programmeMs / 1000).toFixed(3) },
    waveform('source', before.peaks),
    lanes(spoken),
    ruler(programmeMs),
    lanes(dubbed),
    waveform('dub', after.peaks),
    element('div', { id: 'needle' }, ''),
  );
  return element('section', { class: 'time' }, legend(), element('div', { class: 'scroll' }, axis));
}

function block(line: ReportLine, track: 'source' | 'dub', style: string, startMs: number, endMs: number): string {
  const tempo = line.reading?.tempo ?? line.placement?.tempo;
  const pace = track === 'dub' ? `${tempo === undefined ? '' : ` ${tempo.toFixed(2)}x`}` : '';
  const title = `${line.id} ${line.speaker} ${formatClock(startMs)}–${formatClock(endMs)}${pace}`;
  const attributes = {
    class: `block ${track} ${track === 'dub' ? paceOf(line) : ''}`.trim(),
    style,
    title,
    'data-line': line.id,
    'data-play': track,
    'data-from': (startMs / 1000).toFixed(3),
    'data-to': (endMs / 1000).toFixed(3),
    type: 'button',
  };
  return element('button', attributes, escapeHtml(line.id.replace(/^u0*/, '')));
}

/** A mark every so often that some twelve fit: 1, 2, 5, 10, 30 s, 1, 2, 5 or 10 min. */
function ruler(programmeMs: number): string {
  const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800];
  const step = (steps.find((seconds) => programmeMs / 1000 / seconds <= 24) ?? 3600) * 1000;
  const marks: string[] = [];
  for (let at = 0; at <= programmeMs; at += step) {
    marks.push(element('span', { style: `left:${percent(at, programmeMs)}` }, formatClock(at).replace(/\.000$/, '')));
  }
  return element('div', { class: 'ruler' }, ...marks);
}

const paces = [
  ['slow', 'slower than 0.99x'],
  ['natural', 'natural'],
  ['brisk', 'up to 1.10x'],
  ['fast', 'up to 1.25x'],
  ['over', 'does not fit'],
] as const;

function legend(): string {
  const keys = paces.map(([pace, words]) => element('span', { class: `key ${pace}` }, words));
  const zoom = element(
    'label',
    {},
    'zoom ',
    element('input', { id: 'zoom', type: 'range', min: 1, max: 60, value: 1 }, ''),
  );
  return element('p', { class: 'legend' }, ...keys, zoom);
}

function percent(ms: number, programmeMs: number): string {
  return `${((100 * ms) / Math.max(1, programmeMs)).toFixed(4)}%`;
}
