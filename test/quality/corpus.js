// Generates the films of the quality corpus: speech by the local engines at known times, music, odd time bases and
// layouts. Times in `lines` are on the picture's clock.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rate, run } from './signals.js';

const seconds = 24;

const talk = [
  { at: 1000, source: 'Good morning, and welcome to the show.', target: 'Buenos días y bienvenidos al programa.' },
  {
    at: 4600,
    source: 'Today we talk about the weather in the north of the country.',
    target: 'Hoy hablamos del tiempo en el norte del país.',
  },
  {
    at: 9300,
    source: 'Nobody expected so much snow in the middle of May.',
    target: 'Nadie esperaba tanta nieve en mayo.',
  },
  { at: 13_600, source: 'It rains.', target: 'Llueve.' },
  {
    at: 15_600,
    source: 'The roads are closed, and the trains stand still until the evening.',
    target: 'Las carreteras están cortadas y no hay trenes.',
  },
  { at: 20_600, source: 'See you tomorrow.', target: 'Hasta mañana.' },
];

const tight = talk.map((line) => ({ ...line, target: `${line.target.replace('.', ',')} como ya dijimos ayer.` }));

const dialogue = talk.map((line, index) => ({
  ...line,
  speaker: index % 2 === 0 ? 'A' : 'B',
  at: index === 3 ? 12_300 : line.at,
}));

/** A sentence by flite, 48 kHz mono. */
function speak(folder, text, voice) {
  const path = join(folder, 'speech.wav');
  execFileSync('flite', ['-voice', voice, '-t', text, '-o', path]);
  const bytes = run('ffmpeg', ['-v', 'error', '-i', path, '-ar', String(rate), '-ac', '1', '-f', 'f32le', '-']);
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const loud = (value) => Math.abs(value) > 0.004;
  return samples.subarray(samples.findIndex(loud), samples.findLastIndex(loud) + 1);
}

/** Speech and lines of a film, music of `music` (0…1) under it. */
function compose(folder, script, music) {
  const speech = new Float32Array(seconds * rate);
  const lines = script.map((line) => {
    const said = speak(folder, line.source, line.speaker === 'B' ? 'kal' : 'slt');
    const from = Math.round((line.at * rate) / 1000);
    for (let i = 0; i < said.length; i++) speech[from + i] += said[i] * 0.6;
    return { speaker: 'A', ...line, startMs: line.at, endMs: line.at + Math.round((said.length * 1000) / rate) };
  });
  const chord = [220, 277.18, 329.63, 440];
  const bed = Float32Array.from(speech, (_, i) => {
    const t = i / rate;
    const beat = 0.6 + 0.4 * Math.sin(2 * Math.PI * 0.5 * t);
    return music * beat * chord.reduce((sum, hz, n) => sum + Math.sin(2 * Math.PI * hz * t) / (4 + n), 0);
  });
  return { speech, bed, lines };
}

function writeWave(path, channels, sampleRate = rate) {
  const length = channels[0].length;
  const data = Buffer.alloc(length * channels.length * 4);
  for (let i = 0; i < length; i++) {
    for (let c = 0; c < channels.length; c++) data.writeFloatLE(channels[c][i], (i * channels.length + c) * 4);
  }
  writeFileSync(path, data);
  return ['-f', 'f32le', '-ar', String(sampleRate), '-ac', String(channels.length), '-i', path];
}

const picture = ['-f', 'lavfi', '-i', `testsrc2=size=128x72:rate=25:duration=${seconds}`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-bf', '2', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '160k'];
const stereo = ({ speech, bed }) => [speech.map((s, i) => s + bed[i]), speech.map((s, i) => s + bed[i])];

const shapes = [
  { name: 'plain', file: 'plain.mp4', script: talk, music: 0.01, codecs: aac },
  { name: 'music', file: 'music.mp4', script: talk, music: 0.12, codecs: aac },
  {
    name: 'two speakers, crosstalk',
    file: 'dialogue.mkv',
    script: dialogue,
    music: 0.03,
    codecs: aac,
    voices: ['A=high', 'B=low'],
  },
  { name: 'tight slots', file: 'tight.mp4', script: tight, music: 0.03, codecs: aac },
  {
    name: 'transport stream from 10 s',
    file: 'offset.ts',
    script: talk,
    music: 0.03,
    codecs: aac,
    output: ['-output_ts_offset', '10'],
  },
  { name: 'edit list, sound 700 ms late', file: 'late.mp4', script: talk, music: 0.03, codecs: aac, late: 0.7 },
  {
    name: 'sound ends 3 s early',
    file: 'early.mp4',
    script: talk.slice(0, 5),
    music: 0.03,
    codecs: aac,
    keep: seconds - 3,
  },
  {
    name: 'varying frame rate',
    file: 'vfr.mp4',
    script: talk,
    music: 0.03,
    codecs: aac,
    video: ['-vf', "select='not(mod(n\\,3))+lt(n\\,100)'", '-fps_mode', 'vfr'],
  },
  {
    name: 'hole of 1 s in the timestamps',
    file: 'hole.mkv',
    script: talk,
    music: 0.03,
    codecs: ['-c:a', 'pcm_s16le'],
    hole: [8.0, 9.0],
  },
  {
    name: '8 kHz mono',
    file: 'phone.mkv',
    script: talk,
    music: 0.03,
    codecs: ['-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '1'],
  },
  { name: '96 kHz', file: 'hires.mkv', script: talk, music: 0.03, codecs: ['-c:a', 'flac', '-ar', '96000'] },
  {
    name: '5.1',
    file: 'surround.mkv',
    script: talk,
    music: 0.06,
    codecs: ['-c:a', 'ac3', '-b:a', '448k'],
    layout: '5.1',
  },
  { name: '7.1', file: 'wide.mkv', script: talk, music: 0.06, codecs: ['-c:a', 'pcm_s16le'], layout: '7.1' },
  {
    name: 'loud, to -14 LUFS',
    file: 'youtube.mp4',
    script: talk,
    music: 0.05,
    codecs: aac,
    dub: ['--loudness', 'youtube'],
    target: -14,
  },
  {
    name: 'broadcast, to -23 LUFS',
    file: 'ebu.mkv',
    script: talk,
    music: 0.05,
    codecs: ['-c:a', 'libopus', '-b:a', '128k'],
    dub: ['--loudness', 'ebu'],
    target: -23,
  },
];

/** Makes every film; each comes with its lines, its script and translation as files, and what its dub is held to. */
export function makeCorpus(folder) {
  return shapes.map((shape) => ({ ...shape, ...makeFilm(folder, shape) }));
}

function makeFilm(folder, shape) {
  const parts = compose(folder, shape.script, shape.music);
  const raw = join(folder, 'film.f32');
  const keep = shape.keep ?? seconds;
  const channels = channelsOf(shape, parts).map((channel) => channel.subarray((shape.late ?? 0) * rate, keep * rate));
  const sound = writeWave(raw, channels);
  const layout = shape.layout ? ['-channel_layout', shape.layout] : [];
  const late = shape.late ? ['-itsoffset', String(shape.late)] : [];
  const film = join(folder, shape.file);
  // ffmpeg-bitstream-filters, noise: drops what the expression says; `pts` counts samples for raw sound.
  const hole = shape.hole ? ['-bsf:a', `noise=drop=gte(pts*tb\\,${shape.hole[0]})*lt(pts*tb\\,${shape.hole[1]})`] : [];
  run('ffmpeg', [
    ...['-v', 'error', '-y', ...picture, ...late, ...sound.slice(0, -2), ...layout, ...sound.slice(-2)],
    ...['-map', '0:v', '-map', '1:a', ...(shape.video ?? []), ...h264, ...shape.codecs, ...hole],
    ...['-metadata:s:a:0', 'language=eng', ...(shape.output ?? []), film],
  ]);
  const name = shape.file.replace(/\.\w+$/, '');
  const script = join(folder, `${name}.en.vtt`);
  const translation = join(folder, `${name}.es.vtt`);
  writeFileSync(
    script,
    cues(parts.lines, (line) => `<v ${line.speaker}>${line.source}`),
  );
  writeFileSync(
    translation,
    cues(parts.lines, (line) => `<v ${line.speaker}>${line.target}`),
  );
  return { film, scriptFile: script, translation, lines: parts.lines, seconds };
}

/** Speech comes from the centre of a surround film and its music from the sides; the LFE is silent. */
function channelsOf({ layout }, parts) {
  if (layout === undefined) return stereo(parts);
  const silent = new Float32Array(parts.speech.length);
  const sides = layout === '5.1' ? 2 : 4;
  return [parts.bed, parts.bed, parts.speech, silent, ...Array.from({ length: sides }, () => parts.bed)];
}

function cues(lines, text) {
  const clock = (ms) => new Date(ms).toISOString().slice(11, 23);
  const parts = lines.map((line) => `${clock(line.startMs)} --> ${clock(line.endMs)}\n${text(line)}\n`);
  return `WEBVTT\n\n${parts.join('\n')}`;
}

/** A timeline as the run left it. */
export function readTimeline(work) {
  return JSON.parse(readFileSync(join(work, 'es', 'timeline.json'), 'utf8'));
}
