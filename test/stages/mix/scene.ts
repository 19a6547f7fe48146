import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mix } from '../../../src/domain/dub.js';
import type { Soundtrack } from '../../../src/domain/source.js';
import type { Placement, Take, Timeline } from '../../../src/domain/timeline.js';
import { findMediaTools } from '../../../src/media/tools.js';
import { LoudnessMeter } from '../../../src/sound/loudness.js';
import { readWav, writeWav } from '../../../src/sound/wav.js';
import type { StageContext, StageEvent } from '../../../src/stages/context.js';
import { type MixCodec, type MixOptions, mix } from '../../../src/stages/mix/index.js';
import { noBuyer } from '../../support/buyers.js';
import { ffmpeg } from '../../support/media.js';

/** A take that is a steady tone between 0.1 s of silence at either end. */
export interface ToneTake {
  readonly hz: number;
  readonly startMs: number;
  /** Natural length; 0.5 s unless told. */
  readonly seconds?: number;
  readonly tempo?: number;
  readonly sampleRate?: number;
  /** 0.25 unless told. */
  readonly amplitude?: number;
  /** Reported as an overflow of so many milliseconds. */
  readonly excessMs?: number;
}

/** A programme and what is mixed into it. */
export interface Scene {
  /** Interleaved samples of the source at 48 kHz. */
  readonly source: Float32Array;
  readonly layout?: string;
  readonly channels?: number;
  readonly offsetUs?: number;
  readonly durationMs?: number;
  readonly takes: readonly ToneTake[];
  readonly options?: Partial<MixOptions>;
  readonly signal?: AbortSignal;
}

/** What came out. */
export interface Mixed {
  readonly mix: Mix;
  /** Decoded, interleaved. */
  readonly samples: Float32Array;
  readonly events: readonly StageEvent[];
  readonly hash: string;
}

const layouts: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1' };

/** Floats in a WAV: what comes out of the mix, bit for bit. */
export function floatCodec(channels: number, layout = layouts[channels]!): MixCodec {
  const options = ['-c:a', 'pcm_f32le', '-ar', '48000', '-f', 'wav'];
  return { codec: 'pcm_f32le', sampleRate: 48_000, channels, layout, options };
}

let made = 0;
const findTools = findMediaTools();

/** Mixes a scene with real ffmpeg and decodes the result. */
export async function mixScene(folder: string, scene: Scene): Promise<Mixed> {
  const { channels = 1, layout = layouts[channels]!, offsetUs = 0 } = scene;
  const name = `scene-${made++}`;
  const codec = scene.options?.codec ?? floatCodec(channels, layout);
  const outPath = scene.options?.outPath ?? join(folder, `${name} out`);
  const durationMs = scene.durationMs ?? Math.round(scene.source.length / channels / 48);
  const soundtrack: Soundtrack = {
    sourcePath: await writeSource(folder, name, scene.source, channels, layout),
    streamIndex: 0,
    offsetUs,
    durationMs,
    sampleRate: 48_000,
    channels,
    layout,
    loudness: loudnessOf(scene.source, channels, layout),
  };
  const takes = await Promise.all(scene.takes.map((take, index) => writeTake(folder, name, take, index)));
  const events: StageEvent[] = [];
  const ctx: StageContext = {
    signal: scene.signal ?? new AbortController().signal,
    scratch: folder,
    tools: await findTools,
    buyer: noBuyer,
    keeper: { file: () => Promise.reject(new Error('the mix keeps nothing')) },
    emit: (event) => events.push(event),
  };
  const options: MixOptions = {
    bed: 'duck',
    duckDb: -20,
    loudness: 'source',
    onOverflow: 'overrun',
    ...scene.options,
    codec,
    outPath,
  };
  const result = await mix(soundtrack, { takes, failures: [] }, timelineOf(scene.takes, durationMs), options, ctx);
  const samples = await decode(outPath, codec.channels);
  const hash = createHash('sha256')
    .update(await readFile(outPath))
    .digest('hex');
  return { mix: result, samples, events, hash };
}

/** Utterance ids of a scene's takes are `u0`, `u1`, … */
function timelineOf(takes: readonly ToneTake[], programmeMs: number): Timeline {
  const placements = takes.map((take, index): Placement => {
    const { seconds = 0.5, tempo = 1, startMs } = take;
    return { utteranceId: `u${index}`, startMs, durationMs: Math.ceil((seconds * 100) / tempo) * 10, tempo };
  });
  const overflows = takes.flatMap(({ excessMs }, index) =>
    excessMs === undefined ? [] : [{ utteranceId: `u${index}`, excessMs }],
  );
  return { programmeMs, placements, overflows, cost: 0 };
}

async function writeTake(folder: string, name: string, recipe: ToneTake, index: number): Promise<Take> {
  const { hz, seconds = 0.5, sampleRate = 48_000, amplitude = 0.25 } = recipe;
  const lead = sampleRate / 10;
  const length = Math.round(seconds * sampleRate);
  const samples = new Int16Array(length + 2 * lead);
  // A cosine: its first sample is its loudest.
  for (let i = 0; i < length; i++)
    samples[lead + i] = 32_767 * amplitude * Math.cos((2 * Math.PI * hz * i) / sampleRate);
  const path = join(folder, `${name} take ${index}.wav`);
  await writeFile(path, writeWav(samples, sampleRate, 1));
  return {
    utteranceId: `u${index}`,
    path,
    sampleRate,
    startSample: lead,
    endSample: lead + length,
    durationMs: Math.round(seconds * 1000),
    voice: 'tone',
    provider: 'test',
  };
}

/** Speaker masks of WAVE_FORMAT_EXTENSIBLE. */
const masks: Readonly<Record<string, number>> = { mono: 0x4, stereo: 0x3, '5.1': 0x3f, '5.1(side)': 0x60f };

/** A WAV of floats: written here because starting ffmpeg for each scene would take longer than the mix. */
async function writeSource(
  folder: string,
  name: string,
  samples: Float32Array,
  channels: number,
  layout: string,
): Promise<string> {
  const header = Buffer.alloc(68);
  header.write('RIFF', 0);
  header.writeUInt32LE(60 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(40, 16);
  header.writeUInt16LE(0xfffe, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(48_000, 24);
  header.writeUInt32LE(48_000 * channels * 4, 28);
  header.writeUInt16LE(channels * 4, 32);
  header.writeUInt16LE(32, 34);
  header.writeUInt16LE(22, 36);
  header.writeUInt16LE(32, 38);
  header.writeUInt32LE(masks[layout]!, 40);
  header.write('0300000000001000800000aa00389b71', 44, 'hex');
  header.write('data', 60);
  header.writeUInt32LE(samples.byteLength, 64);
  const path = join(folder, `${name} source.wav`);
  await writeFile(path, Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]));
  return path;
}

/** All samples of a file, interleaved, at 48 kHz. */
export async function decode(path: string, channels: number): Promise<Float32Array> {
  const wav = readWav(await readFile(path));
  if (wav?.channels === channels) return wav.samples;
  const bytes = await ffmpeg('-i', `file:${path}`, '-ac', String(channels), '-ar', '48000', '-f', 'f32le', '-');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Loudness and true peak of interleaved samples at 48 kHz. */
export function loudnessOf(samples: Float32Array, channels: number, layout = layouts[channels]!) {
  const meter = new LoudnessMeter({ sampleRate: 48_000, channels, layout });
  meter.push(samples);
  return meter.result();
}
