import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { languageName } from '../../domain/language.js';
import { formatClock } from '../../domain/time.js';
import type { Reported } from '../report.js';
import { binsOf, histogram } from './charts.js';
import { onsetErrorMs, type ReportLine } from './lines.js';
import { element, escapeHtml } from './markup.js';
import type { Picture } from './picture.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';
import { lineTable } from './table.js';
import { timeAxis } from './time-axis.js';

/** What goes onto the page. */
export interface PageParts {
  readonly reported: Reported;
  readonly lines: readonly ReportLine[];
  readonly before: Picture;
  readonly after: Picture;
}

/** The whole page. What it may load and run is nailed down: its own script and style, its own sounds. */
export function renderPage({ reported, lines, before, after }: PageParts): string {
  const { verdict, source, script, translation } = reported;
  const title = `${basename(verdict.output)}: ${verdict.passed ? 'passed' : 'missed gates'}`;
  const hash = createHash('sha256').update(pageScript).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; media-src data: 'self' file:`;
  const languages = { source: script.language, dub: translation.language };
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    element('title', {}, escapeHtml(title)),
    element('style', {}, pageStyle),
    element(
      'body',
      {},
      '\n',
      ...[
        header(reported, lines),
        gateTable(reported),
        element('section', { class: 'charts' }, ...charts(lines)),
        timeAxis({ lines, before, after, programmeMs: reported.timeline.programmeMs, speakers: speakersOf(lines) }),
        lineTable(lines, languages),
        element(
          'p',
          { class: 'foot' },
          escapeHtml(
            `Source: ${source.path}. Every figure on this page but the plan was measured on the finished file.`,
          ),
        ),
        player('source', before),
        player('dub', after),
        element('script', {}, pageScript),
      ].map((part) => `${part}\n`),
    ),
    '</html>\n',
  ].join('\n');
}

function header({ verdict, timeline, script, translation }: Reported, lines: readonly ReportLine[]): string {
  const missed = verdict.gates.filter((gate) => !gate.passed).length;
  const result =
    missed === 0 ? `passed all ${verdict.gates.length} gates` : `missed ${missed} of ${verdict.gates.length} gates`;
  const voiced = lines.filter((line) => line.placement).length;
  const name = (tag: string) => languageName(tag) ?? tag;
  const about = `${name(script.language)} to ${name(translation.language)} · ${formatClock(timeline.programmeMs)} · ${voiced} of ${lines.length} lines voiced`;
  return element(
    'header',
    {},
    element('h1', {}, escapeHtml(basename(verdict.output))),
    element('p', { class: missed === 0 ? 'verdict passed' : 'verdict missed' }, escapeHtml(result)),
    element('p', { class: 'about' }, escapeHtml(about)),
  );
}

function gateTable({ verdict }: Reported): string {
  const rows = verdict.gates.map((gate) => {
    const value = gate.value === undefined ? '–' : `${Math.round(gate.value * 100) / 100} ${gate.unit ?? ''}`.trim();
    const state = gate.passed ? 'passed' : 'missed';
    const mark = element(
      'td',
      { class: state },
      gate.passed ? 'passed' : gate.judges === 'wording' ? 'missed (wording)' : 'missed',
    );
    const cells = [gate.name, value, gate.limit, gate.detail].map((text) => element('td', {}, escapeHtml(text)));
    return element('tr', { 'data-gate': gate.name, 'data-state': state }, mark, ...cells);
  });
  const head = ['', 'gate', 'measured', 'limit', 'what it means'].map((text) => element('th', {}, text));
  return element(
    'table',
    { class: 'gates' },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}

function charts(lines: readonly ReportLine[]): string[] {
  const errors = lines.map(onsetErrorMs).filter((error) => error !== undefined);
  const tempos = lines.flatMap(({ reading }) => (reading?.present ? [reading.tempo] : []));
  return [
    histogram('Onset error, ms (early is positive)', binsOf(errors, -300, 300, 25), (edge) => String(edge)),
    histogram('Tempo', binsOf(tempos, 0.85, 1.3, 0.05), (edge) => edge.toFixed(2)),
  ];
}

function speakersOf(lines: readonly ReportLine[]): string[] {
  return [...new Set(lines.map((line) => line.speaker))];
}

function player(name: 'source' | 'dub', { sound }: Picture): string {
  return element('audio', { id: name, preload: 'auto', src: sound }, '');
}
