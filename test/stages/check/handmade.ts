import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Dub, StreamFate } from '../../../src/domain/dub.js';
import type { Script } from '../../../src/domain/script.js';
import type { Source } from '../../../src/domain/source.js';
import type { Placement, Take, Takes, Timeline } from '../../../src/domain/timeline.js';
import { probeFile } from '../../../src/media/probe.js';
import { prepareTakes } from '../../../src/media/stretch.js';
import { findMediaTools } from '../../../src/media/tools.js';
import { LoudnessMeter } from '../../../src/sound/loudness.js';
import { findSound } from '../../../src/sound/trim.js';
import { readWav } from '../../../src/sound/wav.js';
import type { CheckOptions } from '../../../src/stages/check.js';
import type { StageContext } from '../../../src/stages/context.js';
import { noBuyer } from '../../support/buyers.js';
import { decodeMono, ffmpeg } from '../../support/media.js';

const run = promisify(execFile);
const rate = 48_000;

/** A line of the made film: spoken by flite in the source and by espeak-ng in the dub. */
interface Line {
  readonly id: string;
  readonly startMs: number;
  readonly speaker: string;
  readonly source: string;
  readonly target: string;
  readonly tempo: number;
  /** Where the plan puts it, after the source's start. */
  readonly laterMs: number;
}

const lines: readonly Line[] = [
  line('u0001', 500, 1, 0, 'Good morning and welcome to the show.', 'Buenos días y bienvenidos.'),
  line(
    'u0002',
    3200,
    1.1,
    20,
    'Today we talk about the weather in the north.',
    'Hoy hablamos del tiempo que hace en el norte.',
  ),
  line('u0003', 6400, 1, -30, 'It rains.', 'Sí, llueve.'),
  line(
    'u0004',
    8000,
    0.9,
    0,
    'Nobody expected so much snow in the middle of May.',
    'Nadie esperaba tanta nieve en mayo.',
  ),
  line('u0005', 11_300, 1.08, 50, 'See you tomorrow at the same time.', 'Hasta mañana a la misma hora.'),
];

function line(id: string, startMs: number, tempo: number, laterMs: number, source: string, target: string): Line {
  return { id, startMs, speaker: 'A', source, target, tempo, laterMs };
}

/** A finished film with everything that was planned for its dub. */
export interface Film {
  readonly folder: string;
  readonly source: Source;
  readonly script: Script;
  readonly takes: Takes;
  readonly timeline: Timeline;
  readonly ctx: StageContext;
  readonly options: CheckOptions;
  /** Each take as the mix places it, 48 kHz. */
  readonly placed: ReadonlyMap<string, Float32Array>;
  /** The original sound, 48 kHz mono. */
  readonly original: Float32Array;
}

/** Faults to plant in the dub track. */
export interface TrackFaults {
  readonly shiftMs?: Readonly<Record<string, number>>;
  readonly omit?: readonly string[];
  /** Played once more, so long after its start. */
  readonly againMs?: Readonly<Record<string, number>>;
  /** Brought to length by resampling: the pitch moves. */
  readonly resample?: readonly string[];
  /** Not brought to length at all. */
  readonly unfitted?: readonly string[];
  /** Ends so much too early. */
  readonly cutMs?: Readonly<Record<string, number>>;
  /** Gain on everything, dB. */
  readonly gainDb?: number;
  /** A click of full scale. */
  readonly click?: boolean;
  /** Added to the track's length. */
  readonly longerMs?: number;
  /** Bed under a line, dB; -20 unless told. */
  readonly bedDb?: number;
  /** Bed away from lines, dB; 0 unless told. */
  readonly elsewhereDb?: number;
  /** Gain on single lines, dB. */
  readonly lineDb?: Readonly<Record<string, number>>;
}

/** Makes a 14 s film of speech with two sound tracks, subtitles, chapters and an attachment, and the plan of its dub. */
export async function makeFilm(folder: string): Promise<Film> {
  const seconds = 14;
  const speech = await Promise.all(lines.map((one) => speak(folder, `source-${one.id}`, 'flite', one.source)));
  const track = noiseTrack(seconds * rate, 0.002);
  const script: Script = {
    language: 'en',
    utterances: lines.map((one, index) => {
      const { path: _, ...sound } = speech[index]!;
      addAt(track, sound.samples, Math.round((one.startMs * rate) / 1000), 0.5);
      const span = { startMs: one.startMs, endMs: one.startMs + Math.round(sound.samples.length / 48) };
      return { id: one.id, speaker: one.speaker, text: one.source, slot: span, segmentIds: [one.id], ...span };
    }),
  };
  const path = await muxSource(folder, track, seconds);
  const tools = await findMediaTools();
  const signal = new AbortController().signal;
  const source = await probeFile(path, tools, signal);
  const takes = await Promise.all(lines.map((one) => makeTake(folder, one)));
  const placements = lines.map((one, index): Placement => {
    const take = takes[index]!;
    const durationMs = Math.ceil(((take.endSample - take.startSample) * 1000) / take.sampleRate / one.tempo);
    return { utteranceId: one.id, startMs: one.startMs + one.laterMs, durationMs, tempo: one.tempo };
  });
  const ctx: StageContext = {
    signal,
    scratch: folder,
    tools,
    buyer: noBuyer,
    keeper: { file: () => Promise.reject(new Error('nothing is kept here')) },
    emit: () => {},
  };
  const film = {
    folder,
    source,
    script,
    takes: { takes, failures: [] },
    timeline: { programmeMs: source.durationMs, placements, overflows: [], cost: 0 },
    ctx,
    placed: await placedSamples(folder, takes, ctx),
    original: await decodeMono(path, rate),
  };
  const meter = new LoudnessMeter({ sampleRate: rate, channels: 1, layout: 'mono' });
  meter.push(dubTrack(film, {}));
  return {
    ...film,
    options: {
      language: 'es',
      keepOriginal: true,
      originalStreamIndex: 1,
      targetLufs: meter.result().integratedLufs,
      ceilingDbtp: -1,
      lineFailures: [],
      bed: { bed: 'duck', duckDb: -20, gainDb: 0 },
    },
  };
}

/** The film with one line more, which says again what another line says, by the same voice. */
export function withTwin(film: Film, id: string, twinId: string, startMs: number): Film {
  const take = film.takes.takes.find((one) => one.utteranceId === id)!;
  const placement = film.timeline.placements.find((one) => one.utteranceId === id)!;
  const utterance = film.script.utterances.find((one) => one.id === id)!;
  const span = { startMs, endMs: startMs + placement.durationMs };
  return {
    ...film,
    script: { ...film.script, utterances: [...film.script.utterances, { ...utterance, ...span, id: twinId }] },
    takes: { ...film.takes, takes: [...film.takes.takes, { ...take, utteranceId: twinId }] },
    timeline: {
      ...film.timeline,
      placements: [...film.timeline.placements, { ...placement, utteranceId: twinId, startMs }],
    },
    placed: new Map([...film.placed, [twinId, film.placed.get(id)!]]),
  };
}

/** The dub track as samples: the original lowered under each line, and the takes. */
export function dubTrack(film: Omit<Film, 'options'>, faults: TrackFaults): Float32Array {
  const track = film.original.slice();
  const duck = 10 ** ((faults.bedDb ?? -20) / 20);
  for (const { utteranceId, startMs, durationMs } of film.timeline.placements) {
    if (faults.omit?.includes(utteranceId)) continue;
    for (let i = startMs * 48; i < (startMs + durationMs) * 48 && i < track.length; i++) track[i]! *= duck;
  }
  if (faults.elsewhereDb !== undefined) lowerElsewhere(track, film, faults.elsewhereDb);
  for (const placement of film.timeline.placements) addLine(track, film, placement, faults);
  if (faults.click) track[6 * rate] = 1.2;
  const gain = 10 ** ((faults.gainDb ?? 0) / 20);
  const length = track.length + Math.round((faults.longerMs ?? 0) * 48);
  return Float32Array.from({ length }, (_, i) => (track[i] ?? 0) * gain);
}

/** Changes what lies farther than 1.05 s from every line. */
function lowerElsewhere(track: Float32Array, film: Omit<Film, 'options'>, gainDb: number): void {
  const gain = 10 ** (gainDb / 20);
  const spans = film.timeline.placements.map(({ startMs, durationMs }) => [
    startMs - 1050,
    startMs + durationMs + 1050,
  ]);
  for (let i = 0; i < track.length; i++) {
    const ms = i / 48;
    if (!spans.some(([from, to]) => from! <= ms && ms < to!)) track[i]! *= gain;
  }
}

function addLine(track: Float32Array, film: Omit<Film, 'options'>, placement: Placement, faults: TrackFaults): void {
  const id = placement.utteranceId;
  if (faults.omit?.includes(id)) return;
  let samples = film.placed.get(id)!;
  if (faults.resample?.includes(id)) samples = resample(film.placed.get(`${id} natural`)!, placement.tempo);
  if (faults.unfitted?.includes(id)) samples = film.placed.get(`${id} natural`)!;
  const cut = faults.cutMs?.[id];
  if (cut !== undefined) samples = samples.slice(0, samples.length - cut * 48);
  const gain = 0.6 * 10 ** ((faults.lineDb?.[id] ?? 0) / 20);
  addAt(track, samples, (placement.startMs + (faults.shiftMs?.[id] ?? 0)) * 48, gain);
  const again = faults.againMs?.[id];
  if (again !== undefined) addAt(track, samples, (placement.startMs + again) * 48, 0.6);
}

/** Faster and higher, as a tape is. */
function resample(samples: Float32Array, step: number): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    const at = Math.floor(i * step);
    return samples[at]! + (i * step - at) * ((samples[at + 1] ?? 0) - samples[at]!);
  });
}

function addAt(track: Float32Array, samples: Float32Array, at: number, gain: number): void {
  for (let i = 0; i < samples.length && at + i < track.length; i++) track[at + i]! += samples[i]! * gain;
}

/** How the output is put together; what is left out is as it should be. */
export interface MuxFaults {
  /** Name of the output; the extension picks the container. */
  readonly name: string;
  /** One more input, number 2. */
  readonly more?: string;
  readonly audioCodec?: readonly string[];
  readonly maps?: readonly string[];
  readonly options?: readonly string[];
}

const goodMaps = ['-map', '0:v', '-map', '1:a', '-map', '0:a', '-map', '0:s', '-map', '0:t'];

/** Writes the dub track into a file with the streams of the source, by one plain ffmpeg. */
export async function makeDub(film: Film, faults: TrackFaults, mux: MuxFaults): Promise<Dub> {
  const samples = dubTrack(film, faults);
  const raw = join(film.folder, `${mux.name}.f32`);
  const path = join(film.folder, mux.name);
  await writeFile(raw, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  await ffmpeg(
    ...['-i', film.source.path, '-f', 'f32le', '-ar', '48000', '-ac', '1', '-i', raw],
    ...(mux.more ? ['-i', mux.more] : []),
    ...(mux.maps ?? goodMaps),
    ...['-c', 'copy', ...(mux.audioCodec ?? ['-c:a:0', 'aac', '-b:a:0', '128k'])],
    ...['-metadata:s:a:0', 'language=spa', '-disposition:a:0', 'default', '-disposition:a:1', '0'],
    ...(mux.options ?? []),
    path,
  );
  return { path, streams: allKept(film.source), warnings: [] };
}

/** Fates of a mux that keeps everything. */
export function allKept(source: Source): StreamFate[] {
  return source.streams.map(({ index, type, codec }) => ({ index, type, codec, fate: 'kept' }));
}

async function muxSource(folder: string, track: Float32Array, seconds: number): Promise<string> {
  const raw = join(folder, 'source.f32');
  const path = join(folder, 'film.mkv');
  const chapters = ['Morning', 'Evening'].map(
    (title, index) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${index * 7000}\nEND=${(index + 1) * 7000}\ntitle=${title}\n`,
  );
  await Promise.all([
    writeFile(raw, Buffer.from(track.buffer)),
    writeFile(join(folder, 'chapters.txt'), `;FFMETADATA1\n${chapters.join('')}`),
    writeFile(join(folder, 'source.srt'), '1\n00:00:00,500 --> 00:00:02,500\nGood morning.\n'),
    writeFile(join(folder, 'note.txt'), 'An attachment.\n'),
  ]);
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=64x48:rate=25:duration=${seconds}`],
    ...['-f', 'f32le', '-ar', String(rate), '-ac', '1', '-i', raw],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:sample_rate=48000:duration=${seconds}`],
    ...['-i', join(folder, 'source.srt'), '-f', 'ffmetadata', '-i', join(folder, 'chapters.txt')],
    ...['-map', '0:v', '-map', '1:a', '-map', '2:a', '-map', '3:s', '-map_metadata', '4'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'pcm_s16le', '-c:s', 'srt'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fra', '-metadata:s:s:0', 'language=eng'],
    ...['-disposition:a:0', 'default', '-disposition:a:1', '0'],
    ...['-attach', join(folder, 'note.txt'), '-metadata:s:t', 'mimetype=text/plain'],
    path,
  );
  return path;
}

interface Speech {
  readonly path: string;
  readonly samples: Float32Array;
}

/** A sentence by a local voice, silence trimmed, 48 kHz. */
async function speak(folder: string, name: string, engine: 'flite' | 'espeak-ng', text: string): Promise<Speech> {
  const path = join(folder, `${name}.wav`);
  if (engine === 'flite') await run('flite', ['-t', text, '-o', path]);
  else await run('espeak-ng', ['-v', 'es', '-w', path, text]);
  const samples = await decodeMono(path, rate);
  const { startSample, endSample } = findSound(samples, rate)!;
  return { path, samples: samples.slice(startSample, endSample) };
}

async function makeTake(folder: string, { id, target }: Line): Promise<Take> {
  const { path } = await speak(folder, `take-${id}`, 'espeak-ng', target);
  const wav = readWav(await readFile(path))!;
  const { startSample, endSample } = findSound(wav.samples, wav.sampleRate)!;
  const durationMs = Math.round(((endSample - startSample) * 1000) / wav.sampleRate);
  const span = { startSample, endSample, durationMs, sampleRate: wav.sampleRate };
  return { utteranceId: id, path, voice: 'es', provider: 'espeak-ng', ...span };
}

/** Each take stretched as planned under its id, and unstretched under `<id> natural`. */
async function placedSamples(folder: string, takes: readonly Take[], ctx: StageContext) {
  const placed = new Map<string, Float32Array>();
  const requests = takes.flatMap((take, index) => {
    const { path, sampleRate, startSample, endSample } = take;
    return [lines[index]!.tempo, 1].map((tempo, variant) => ({
      ...{ path, sampleRate, startSample, endSample, tempo },
      outPath: join(folder, `placed-${index}-${variant}.s16`),
    }));
  });
  const prepared = await prepareTakes(requests, { sampleRate: rate }, ctx.tools, ctx.signal);
  for (const [index, one] of prepared.entries()) {
    const bytes = await readFile(one.path);
    const samples = Float32Array.from({ length: one.length }, (_, i) => bytes.readInt16LE(i * 2) / 32_768);
    const id = takes[Math.floor(index / 2)]!.utteranceId;
    placed.set(index % 2 === 0 ? id : `${id} natural`, samples);
  }
  return placed;
}

/** Noise that is the same on every run (a linear congruential generator, Numerical Recipes' constants). */
function noiseTrack(length: number, level: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return level * (state / 2 ** 31 - 1);
  });
}
