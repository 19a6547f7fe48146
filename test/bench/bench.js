#!/usr/bin/env node
// `npm run bench`: start-up ratios, overhead over bare ffmpeg, and memory at two lengths. Prints a table and writes
// coverage/bench.json. Wall times are only ever compared within one run. `--service` alone, or `--service=10,100` for ten
// minutes and a hundred lines, makes the service row only and prints all that it measured.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeMaterial } from './material.js';
import { median, watch } from './measure.js';
import { serviceRow } from './service.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dub = join(root, 'bin', 'dub.js');
const folder = mkdtempSync(join(tmpdir(), 'dub-bench-'));
const full = !process.argv.includes('--short');

/** Each start measured in turn with the floor, so that a slow moment of the machine meets both. */
async function startUp() {
  const rows = [];
  for (const [name, args, aim] of [
    ['dub --version', [dub, '--version'], 1.4],
    ['dub --help', [dub, '--help'], 1.6],
  ]) {
    const floor = await median(21, () => watch(process.execPath, ['-e', '0']));
    const ours = await median(21, () => watch(process.execPath, args));
    rows.push({ name, floorMs: floor, ms: ours, ratio: ours / floor, aim });
  }
  return rows;
}

/** The ffmpeg commands that the same job needs at the least. */
async function bareFfmpeg({ film, seconds }) {
  const quiet = ['-hide_banner', '-loglevel', 'error', '-y'];
  const speech = join(folder, 'bare.flac');
  const voice = join(folder, 'bare.wav');
  const mixed = join(folder, 'bare.m4a');
  await watch('ffmpeg', [...quiet, '-f', 'lavfi', '-i', `sine=f=200:r=48000:d=${seconds}`, voice]);
  const extract = ['-i', film, '-vn', '-ac', '1', '-ar', '16000', '-sample_fmt', 's16', '-c:a', 'flac', speech];
  const graph =
    '[0:a]volume=0.5[bed];[1:a]aformat=channel_layouts=stereo[dub];[bed][dub]amix=normalize=0:duration=first[out]';
  const encode = ['-map', '[out]', '-c:a', 'aac', '-b:a', '160k', '-aac_coder', 'fast', mixed];
  const remux = [
    '-i',
    film,
    '-i',
    mixed,
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-map',
    '0:a',
    '-c',
    'copy',
    join(folder, 'bare.mp4'),
  ];
  const parts = {
    extract: (await watch('ffmpeg', [...quiet, ...extract])).ms,
    mix: (await watch('ffmpeg', [...quiet, '-i', film, '-i', voice, '-filter_complex', graph, ...encode])).ms,
    remux: (await watch('ffmpeg', [...quiet, ...remux])).ms,
  };
  return { ...parts, ms: parts.extract + parts.mix + parts.remux };
}

async function oneDub({ film, script, translation }, ...more) {
  const args = [
    ...[dub, film, '--to', 'es', '--from', 'en', '--asr', 'subtitles', '--script', script],
    ...['--translation', `es=${translation}`, '--tts', join(root, 'test/bench/instant-tts.js'), '--store', 'none'],
    ...['--subtitles', 'none', '--force', '--quiet', ...more],
  ];
  return watch(process.execPath, args, { env: { ...process.env, DUBBING_CACHE: join(folder, 'cache') } });
}

async function jobs() {
  const rows = [];
  for (const [minutes, lines] of full
    ? [
        [10, 100],
        [60, 600],
      ]
    : [[2, 20]]) {
    const material = await makeMaterial(folder, minutes, lines);
    const bare = await bareFfmpeg(material);
    const whole = await oneDub(material);
    const again = await oneDub(material);
    const resumed = [
      { left: 'everything but the mix', ...(await resume(material, join('.state', 'mix.es.json'))) },
      { left: 'the store alone', ...(await resume(material, '')) },
    ];
    rows.push({ minutes, lines, bare, ...whole, ratio: whole.ms / bare.ms, againMs: again.ms, resumed, aim: 1.25 });
  }
  return rows;
}

async function service([minutes, lines] = full ? [60, 600] : [2, 20]) {
  const material = await makeMaterial(folder, minutes, lines);
  return serviceRow({ root, folder, material, minutes, lines });
}

/**
 * A whole run, from the start of its process to its end, that finds stored what was paid for and measured before, against
 * the mix and the mux in it alone: what resuming adds.
 * @param lost what is taken out of the work folder first; all of it when empty
 */
async function resume(material, lost) {
  rmSync(join(material.film.replace(/\.mp4$/, '.dub'), lost), { recursive: true });
  const { ms, output } = await oneDub(material, '--json');
  const ends = output
    .split('\n')
    .filter((line) => line.includes('"type":"stage-end"'))
    .map((line) => JSON.parse(line));
  const took = (...stages) => ends.filter(({ stage }) => stages.includes(stage)).reduce((sum, end) => sum + end.ms, 0);
  return { ms, floorMs: took('mix', 'mux'), listeningMs: took('extract', 'check', 'report'), aim: 1.2 };
}

const shown = (value, digits = 0) => value.toFixed(digits);
const serviceOnly = /^--service(?:=(\d+),(\d+))?$/.exec(process.argv.find((arg) => arg.startsWith('--service')) ?? '');
try {
  if (serviceOnly !== null) {
    const size = serviceOnly[1] === undefined ? undefined : serviceOnly.slice(1).map(Number);
    console.log(JSON.stringify(await service(size), null, 2));
  } else await everything();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function everything() {
  const report = {
    machine: {
      cores: cpus().length,
      cpu: cpus()[0].model,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    startUp: await startUp(),
    jobs: await jobs(),
    service: await service(),
  };
  console.log('| start | ms | `node -e 0` ms | ratio | aim |\n|---|---|---|---|---|');
  for (const row of report.startUp) {
    console.log(`| \`${row.name}\` | ${shown(row.ms)} | ${shown(row.floorMs)} | ${shown(row.ratio, 2)} | ${row.aim} |`);
  }
  console.log(
    '\n| film | lines | dub s | bare ffmpeg s | ratio | aim | again s | Node MiB | tree MiB |\n|---|---|---|---|---|---|---|---|---|',
  );
  for (const row of report.jobs) {
    const cells = [
      `${row.minutes} min`,
      row.lines,
      shown(row.ms / 1000, 1),
      shown(row.bare.ms / 1000, 1),
      shown(row.ratio, 2),
      row.aim,
    ];
    console.log(`| ${[...cells, shown(row.againMs / 1000, 1), shown(row.ownMiB), shown(row.treeMiB)].join(' | ')} |`);
  }
  const { service: row } = report;
  console.log(
    `\n| film | lines | to the last voice s | critical path s | ratio | aim | requests |\n|---|---|---|---|---|---|---|`,
  );
  console.log(
    `| ${[`${row.minutes} min`, row.lines, shown(row.ms / 1000, 1), shown(row.leastMs / 1000, 1), shown(row.ratio, 2), row.aim, row.totals].join(' | ')} |`,
  );
  console.log(
    '\n| film | lines | what is left | resumed s | mix + mux s | listening s | ratio | aim |\n|---|---|---|---|---|---|---|---|',
  );
  for (const { minutes, lines, resumed } of report.jobs) {
    for (const { left, ms, floorMs, listeningMs, aim } of resumed) {
      const seconds = [ms, floorMs, listeningMs].map((time) => shown(time / 1000, 1));
      console.log(`| ${[`${minutes} min`, lines, left, ...seconds, shown(ms / floorMs, 2), aim].join(' | ')} |`);
    }
  }
  mkdirSync(join(root, 'coverage'), { recursive: true });
  writeFileSync(join(root, 'coverage', 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
}
