import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One mono or stereo audio stream of a made file. */
export interface AudioRecipe {
  /** A steady tone in Hz; 440 when neither `tone` nor `samples` nor `silent` is given. */
  readonly tone?: number;
  readonly silent?: boolean;
  /** Exact samples instead of a tone, mono, at `sampleRate`. */
  readonly samples?: Float32Array;
  /** 48000 unless told. */
  readonly sampleRate?: number;
  /** 1 unless told. */
  readonly channels?: number;
  /** This stream's length; the file's unless told. */
  readonly seconds?: number;
  readonly codec?: string;
  /** ISO 639-2, e.g. `eng`. */
  readonly language?: string;
}

/** A tiny media file: a moving 64x48 test pattern and tones. */
export interface MediaRecipe {
  /** File name; its extension picks the container. */
  readonly name: string;
  /** 2 unless told. */
  readonly seconds?: number;
  /** False for sound alone. */
  readonly video?: boolean;
  /** 25 unless told. */
  readonly frameRate?: number;
  /** One 440 Hz mono stream unless told; [] for none. */
  readonly audio?: readonly AudioRecipe[];
  /** More input arguments, e.g. `['-i', 'talk.srt']`; they come after the pattern and the audio and are not mapped. */
  readonly moreInputs?: readonly string[];
  /** More output options: codecs, maps, metadata, muxer flags. */
  readonly options?: readonly string[];
}

/** A new empty folder under the system's temporary one. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'dub-test-'));
}

/** Removes what `makeFolder` made. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

/** Runs ffmpeg with these arguments and returns what it wrote to stdout. */
export async function ffmpeg(...args: readonly string[]): Promise<Buffer> {
  const options = { encoding: 'buffer' as const, maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], options);
  return stdout;
}

/**
 * Makes a media file with real ffmpeg: H.264 with B-frames (VP8 in WebM) and one stream per audio recipe.
 * @returns its path
 */
export async function makeMedia(folder: string, recipe: MediaRecipe): Promise<string> {
  const path = join(folder, recipe.name);
  const seconds = recipe.seconds ?? 2;
  const audio = recipe.audio ?? [{}];
  const inputs: string[] = [];
  const maps: string[] = [];
  if (recipe.video !== false) {
    inputs.push('-f', 'lavfi', '-i', `testsrc2=size=64x48:rate=${recipe.frameRate ?? 25}:duration=${seconds}`);
    maps.push('-map', '0:v', ...videoOptions(recipe.name));
  }
  const firstAudio = maps.length > 0 ? 1 : 0;
  for (const [index, stream] of audio.entries()) {
    inputs.push(...(await audioInput(folder, recipe.name, index, stream, seconds)));
    maps.push('-map', `${firstAudio + index}:a`);
    if (stream.codec) maps.push(`-c:a:${index}`, stream.codec);
    if (stream.language) maps.push(`-metadata:s:a:${index}`, `language=${stream.language}`);
  }
  await ffmpeg(...inputs, ...(recipe.moreInputs ?? []), ...maps, ...(recipe.options ?? []), `file:${path}`);
  return path;
}

const layouts: Readonly<Record<number, string>> = { 2: 'stereo', 6: '5.1', 8: '7.1' };

function videoOptions(name: string): string[] {
  if (name.endsWith('.webm')) return ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'];
  if (name.endsWith('.avi')) return ['-c:v', 'mpeg4'];
  return ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-pix_fmt', 'yuv420p'];
}

async function audioInput(
  folder: string,
  name: string,
  index: number,
  recipe: AudioRecipe,
  seconds: number,
): Promise<string[]> {
  const rate = recipe.sampleRate ?? 48_000;
  if (recipe.samples) {
    const raw = join(folder, `${index}-${Buffer.from(name).toString('hex').slice(0, 40)}.f32`);
    await writeFile(raw, Buffer.from(recipe.samples.buffer, recipe.samples.byteOffset, recipe.samples.byteLength));
    return ['-f', 'f32le', '-ar', String(rate), '-ac', '1', '-i', raw];
  }
  const length = recipe.seconds ?? seconds;
  const tone = recipe.silent
    ? `anullsrc=sample_rate=${rate}:channel_layout=mono:duration=${length}`
    : `sine=frequency=${recipe.tone ?? 440}:sample_rate=${rate}:duration=${length},volume=4`;
  const channels = recipe.channels ?? 1;
  const same = Array.from({ length: channels }, () => 'val(0)').join('|');
  return ['-f', 'lavfi', '-i', channels === 1 ? tone : `${tone},aeval=${same}:channel_layout=${layouts[channels]}`];
}

/** MD5 of the packets of the first stream that `specifier` names (`v`, `a:1`, `s`), as the container holds them. */
export async function streamHash(path: string, specifier: string): Promise<string> {
  const args = ['-i', `file:${path}`, '-map', `0:${specifier}`, '-c', 'copy', '-f', 'streamhash', '-hash', 'md5', '-'];
  const hashes = (await ffmpeg(...args)).toString().trim().split('\n');
  return /MD5=(\w+)/.exec(hashes[0] ?? '')?.[1] ?? '';
}

/** A stream as ffprobe shows it. */
export interface ProbedStream {
  readonly index: number;
  readonly codec_name?: string;
  readonly codec_type?: string;
  readonly codec_tag_string?: string;
  readonly start_time?: string;
  readonly duration?: string;
  readonly channels?: number;
  readonly sample_rate?: string;
  readonly disposition: Readonly<Record<string, number>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly side_data_list?: readonly Readonly<Record<string, unknown>>[];
}

/** A file as ffprobe shows it. */
export interface ProbedFile {
  readonly streams: readonly ProbedStream[];
  readonly format: {
    readonly format_name: string;
    readonly start_time?: string;
    readonly duration?: string;
    readonly tags?: Readonly<Record<string, string>>;
  };
  readonly chapters: readonly {
    readonly start_time: string;
    readonly end_time: string;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
}

/** What ffprobe says of streams, format and chapters. */
export async function probeJson(path: string): Promise<ProbedFile> {
  const shown = ['-show_streams', '-show_format', '-show_chapters'];
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...shown, '-i', `file:${path}`]);
  return JSON.parse(stdout) as ProbedFile;
}

/** Presentation times of a stream's packets in seconds, sorted. */
export async function packetTimes(path: string, specifier: string): Promise<number[]> {
  const entries = ['-select_streams', specifier, '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...entries, '-i', `file:${path}`], { maxBuffer: 1 << 28 });
  const times = stdout.split('\n').filter((line) => line.trim() !== '');
  return times.map((line) => Number.parseFloat(line)).sort((a, b) => a - b);
}

/** A stream's packets in order of time: when each is shown, in seconds, and the MD5 of its bytes. */
export async function packetsOf(path: string, specifier: string): Promise<{ at: number; hash: string }[]> {
  const entries = [
    '-select_streams',
    specifier,
    '-show_entries',
    'packet=pts_time,data_hash',
    '-show_data_hash',
    'MD5',
  ];
  const args = ['-v', 'error', ...entries, '-of', 'json', '-i', `file:${path}`];
  const { stdout } = await run('ffprobe', args, { maxBuffer: 1 << 28 });
  const { packets } = JSON.parse(stdout) as { packets: { pts_time: string; data_hash: string }[] };
  return packets
    .map(({ pts_time, data_hash }) => ({ at: Number(pts_time), hash: data_hash }))
    .sort((a, b) => a.at - b.at);
}

/** All samples of the n-th audio stream mixed to mono at `rate`; the first one is the first that a player hears. */
export async function decodeMono(path: string, rate: number, streamIndex = 0): Promise<Float32Array> {
  const map = ['-map', `0:a:${streamIndex}`, '-ac', '1', '-ar', String(rate), '-f', 'f32le', '-'];
  const bytes = await ffmpeg('-i', `file:${path}`, ...map);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/**
 * When the first sample that `decodeMono` returns is heard, in seconds on the container's clock: the timestamp of the
 * first decoded frame, so encoder delay that the container declares is already taken off.
 */
export async function firstSampleTime(path: string, streamIndex = 0): Promise<number> {
  const args = ['-select_streams', `a:${streamIndex}`, '-show_entries', 'frame=pts_time', '-of', 'csv=p=0'];
  const interval = ['-read_intervals', '%+#8'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...args, ...interval, '-i', `file:${path}`]);
  return Number.parseFloat(stdout.split('\n').find((line) => /^-?\d/.test(line)) ?? 'NaN');
}

const chirpSeconds = 0.02;

/** A 20 ms sweep from 400 to 4000 Hz: its place can be found to the sample, even after lossy coding. */
function chirp(rate: number): Float32Array {
  const samples = new Float32Array(Math.round(chirpSeconds * rate));
  for (let i = 0; i < samples.length; i++) {
    const t = i / rate;
    const phase = 2 * Math.PI * (400 * t + (3600 * t * t) / (2 * chirpSeconds));
    samples[i] = 0.7 * Math.sin(phase) * Math.sin((Math.PI * i) / samples.length);
  }
  return samples;
}

/** Silence with a chirp starting at each of `atSeconds`. */
export function clickTrack(seconds: number, atSeconds: readonly number[], rate = 48_000): Float32Array {
  const track = new Float32Array(Math.round(seconds * rate));
  for (const at of atSeconds) track.set(chirp(rate), Math.round(at * rate));
  return track;
}

/**
 * Where the chirp nearest to `nearSeconds` starts, in seconds from the first sample (best match within `withinSeconds`
 * either side). NaN when nothing there resembles it.
 */
export function findClick(samples: Float32Array, rate: number, nearSeconds: number, withinSeconds = 0.2): number {
  const pattern = chirp(rate);
  const energy = pattern.reduce((sum, value) => sum + value * value, 0);
  const from = Math.max(0, Math.round((nearSeconds - withinSeconds) * rate));
  const to = Math.min(samples.length - pattern.length, Math.round((nearSeconds + withinSeconds) * rate));
  let best = 0.1 * energy;
  let found = Number.NaN;
  for (let at = from; at <= to; at++) {
    let likeness = 0;
    for (let i = 0; i < pattern.length; i++) likeness += pattern[i]! * samples[at + i]!;
    if (likeness > best) {
      best = likeness;
      found = at;
    }
  }
  return found / rate;
}
