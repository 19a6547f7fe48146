#!/usr/bin/env node
// `npm run quality`: dubs a generated corpus with exact truth and measures the finished files by code that shares nothing
// with src/. Writes the table in docs/quality.md and ends with 1 when a figure misses its aim.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCorpus, readTimeline } from './corpus.js';
import { chirpMs, decode, findChirp, gainOf, loudness, power, run, starts } from './signals.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'dub-quality-'));
const only = process.argv.slice(2);

const aims = { onsetMs: 15, overlaps: 0, tempo: 1.25, loudnessLu: 0.5, leakageDb: -15, bedDb: 0.3 };

function dub(film, name, more = []) {
  const work = join(folder, `${name}.work`);
  const output = join(folder, `${name}${film.file.slice(film.file.lastIndexOf('.'))}`);
  const voices = (film.voices ?? []).flatMap((voice) => ['--voice', voice]);
  const args = [
    ...[join(root, 'bin', 'dub.js'), film.film, '--to', 'es', '--from', 'en', '--script', film.scriptFile],
    ...['--translation', `es=${film.translation}`, '--tts', join(here, 'marked-tts.js'), ...voices],
    ...['--work', work, '--cache', join(folder, `${name}.cache`), '-o', output, '--json', ...(film.dub ?? []), ...more],
  ];
  const lines = run(process.execPath, args).toString().trim().split('\n');
  const summary = JSON.parse(lines.at(-1));
  return { summary, output: summary.outputs[0].path, timeline: readTimeline(work) };
}

function measure(film) {
  const name = film.file.replace(/\.\w+$/, '.dub');
  const made = dub(film, name);
  const again = dub(film, `${name}-again`);
  // A programme starts with the earliest of its streams; containers move all of them, so the picture is the ruler.
  const before = starts(film.film);
  const heard = decode(made.output, 0, starts(made.output).picture - (before.picture - before.earliest));
  const original = decode(film.film, 0, before.earliest);
  const found = made.timeline.placements.map((placement) => {
    const mark = chirpMs / placement.tempo;
    const onset = findChirp(heard, placement.startMs, 120, 'rising', mark);
    const endMs = placement.startMs + placement.durationMs;
    const end = findChirp(heard, endMs - mark, 120, 'falling', mark);
    return { placement, onset, end: { ...end, ms: end.ms + mark } };
  });
  const target = film.target ?? loudness(film.film, 0).lufs;
  const { lufs, dbtp } = loudness(made.output, 0);
  return {
    name: film.name,
    lines: found.length,
    unheard: found.filter(({ onset, end }) => Math.min(onset.likeness, end.likeness) < 0.3).length,
    onsetMs: percentile95(found.map(({ placement, onset }) => Math.abs(onset.ms - placement.startMs))),
    endMs: percentile95(found.map(({ placement, end }) => Math.abs(end.ms - placement.startMs - placement.durationMs))),
    overlaps: overlaps(film, found),
    tempo: Math.max(...found.map(({ placement }) => placement.tempo)),
    loudnessLu: lufs - target,
    dbtp,
    leakageDb: leakage(film, made.timeline, original, heard),
    bedDb: bedChange(film, made.timeline, original, heard),
    sameBits: audioHash(made.output) === audioHash(again.output),
    passed: made.summary.outputs[0].verdict.gates.filter((gate) => !gate.passed).map((gate) => gate.name),
  };
}

function percentile95(values) {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0;
}

/** Pairs of lines heard at once by one speaker, or where the source's did not speak at once. */
function overlaps(film, found) {
  let count = 0;
  for (const [i, a] of found.entries()) {
    for (const [j, b] of found.entries()) {
      if (j <= i || Math.min(a.end.ms, b.end.ms) - Math.max(a.onset.ms, b.onset.ms) <= 10) continue;
      const [x, y] = [film.lines[i], film.lines[j]];
      const crosstalk = x.speaker !== y.speaker && x.startMs < y.endMs && y.startMs < x.endMs;
      if (!crosstalk) count++;
    }
  }
  return count;
}

/** The worst line: how much of the source's speech is heard under it, against the bed's gain elsewhere. */
function leakage(film, { placements }, original, heard) {
  const gain = bedGains(film, { placements }, original, heard).median;
  const inset = 200;
  const windows = placements.flatMap((placement, index) => {
    const line = film.lines[index];
    const from = Math.max(placement.startMs, line.startMs) + inset;
    const to = Math.min(placement.startMs + placement.durationMs, line.endMs) - inset;
    return to - from >= 400 ? [[from, to]] : [];
  });
  return Math.max(...windows.map(([from, to]) => gainOf(original, heard, from, to) - gain));
}

/** Gains of the bed in blocks of 200 ms that are farther from every line than a ramp and its hold reach. */
function bedGains(film, { placements }, original, heard) {
  const away = 1100;
  const gains = [];
  for (let at = 0; at + 200 <= film.seconds * 1000; at += 200) {
    const near = placements.some(
      ({ startMs, durationMs }) => at < startMs + durationMs + away && startMs - away < at + 200,
    );
    const before = power(original, at, at + 200);
    if (near || before < 1e-7) continue;
    gains.push(10 * Math.log10(power(heard, at, at + 200) / before));
  }
  gains.sort((a, b) => a - b);
  return { gains, median: gains[Math.floor(gains.length / 2)] ?? 0 };
}

function bedChange(film, timeline, original, heard) {
  const { gains, median } = bedGains(film, timeline, original, heard);
  return percentile95(gains.map((gain) => Math.abs(gain - median)));
}

function audioHash(path) {
  return createHash('sha256')
    .update(run('ffmpeg', ['-v', 'error', '-i', path, '-map', '0', '-c', 'copy', '-f', 'framemd5', '-']))
    .digest('hex');
}

function missed(row) {
  return [
    row.unheard > 0 && `${row.unheard} lines unheard`,
    row.onsetMs > aims.onsetMs && 'onset',
    row.overlaps > aims.overlaps && 'overlaps',
    row.tempo > aims.tempo && 'tempo',
    Math.abs(row.loudnessLu) > aims.loudnessLu && 'loudness',
    row.dbtp > -1 && 'true peak',
    row.leakageDb > aims.leakageDb && 'leakage',
    row.bedDb > aims.bedDb && 'bed',
    !row.sameBits && 'bits differ',
  ].filter(Boolean);
}

function table(rows) {
  const head = [
    'film',
    'lines',
    'onset p95, ms',
    'end p95, ms',
    'overlaps',
    'fastest',
    'loudness off, LU',
    'true peak, dBTP',
    'leakage, dB',
    'bed changed by, dB',
    'same bits twice',
    'gates missed',
  ];
  const cells = rows.map((row) => [
    row.name,
    row.lines,
    row.onsetMs.toFixed(2),
    row.endMs.toFixed(2),
    row.overlaps,
    `${row.tempo.toFixed(2)}x`,
    row.loudnessLu.toFixed(2),
    row.dbtp.toFixed(1),
    row.leakageDb.toFixed(1),
    row.bedDb.toFixed(2),
    row.sameBits ? 'yes' : 'no',
    row.passed.join(', ') || 'none',
  ]);
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

try {
  const films = makeCorpus(folder).filter((film) => only.length === 0 || only.some((word) => film.name.includes(word)));
  const rows = [];
  for (const film of films) {
    rows.push(measure(film));
    const faults = missed(rows.at(-1));
    console.error(`${film.name}: ${faults.length === 0 ? 'within every aim' : `misses ${faults.join(', ')}`}`);
  }
  const text = table(rows);
  console.log(text);
  mkdirSync(join(root, 'coverage'), { recursive: true });
  writeFileSync(join(root, 'coverage', 'quality.json'), JSON.stringify(rows, null, 2));
  if (only.length === 0) {
    const path = join(root, 'docs', 'quality.md');
    const page = readFileSync(path, 'utf8');
    const between = /(<!-- quality -->)[\s\S]*(<!-- \/quality -->)/;
    writeFileSync(
      path,
      page.replace(between, (_, open, close) => `${open}\n\n${text}\n\n${close}`),
    );
  }
  if (rows.some((row) => missed(row).length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
