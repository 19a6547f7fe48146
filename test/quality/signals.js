// Signals and their measurement for the quality corpus; shares nothing with src/, so that it can contradict it.
import { execFileSync, spawnSync } from 'node:child_process';

export const rate = 48_000;
export const chirpMs = 24;
const lowHz = 1200;
const highHz = 3600;

/** A sweep between 1.2 and 3.6 kHz, faded in and out over 5 ms. */
export function chirp(length, sampleRate, direction) {
  const seconds = length / sampleRate;
  const [from, to] = direction === 'rising' ? [lowHz, highHz] : [highHz, lowHz];
  const fade = Math.round(0.005 * sampleRate);
  return Float64Array.from({ length }, (_, i) => {
    const t = i / sampleRate;
    const edge = Math.min(1, (i + 1) / fade, (length - i) / fade);
    return edge * Math.sin(2 * Math.PI * (from * t + ((to - from) * t * t) / (2 * seconds)));
  });
}

/** Runs ffmpeg or ffprobe and gives its output. */
export function run(program, args) {
  return execFileSync(program, args, { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Streams and format of a file. */
export function probe(path) {
  const args = ['-v', 'error', '-show_streams', '-show_format', '-show_chapters', '-of', 'json', path];
  return JSON.parse(run('ffprobe', args).toString());
}

/**
 * An audio stream as a player hears it beside the picture, mono at 48 kHz: sample 0 is `startSeconds` of the file's clock.
 */
export function decode(path, index, startSeconds) {
  const { streams } = probe(path);
  const stream = streams.filter((one) => one.codec_type === 'audio')[index];
  const filter = `aresample=${rate}:async=1:min_hard_comp=0.04,aformat=channel_layouts=mono`;
  const args = ['-v', 'error', '-i', path, '-map', `0:${stream.index}`, '-af', filter, '-f', 'f32le', '-'];
  const bytes = run('ffmpeg', args);
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const lead = Math.round((Number(stream.start_time) - startSeconds) * rate);
  if (lead <= 0) return samples.subarray(-lead);
  const padded = new Float32Array(samples.length + lead);
  padded.set(samples, lead);
  return padded;
}

/** Where the picture and the earliest stream of a film begin on the file's clock, seconds. */
export function starts(path) {
  const real = probe(path).streams.filter((one) => one.codec_type === 'video' || one.codec_type === 'audio');
  const picture = Number(real.find((one) => one.codec_type === 'video').start_time);
  return { picture, earliest: Math.min(...real.map((one) => Number(one.start_time))) };
}

/**
 * Where a chirp lies nearest to `nearMs`, by matched filter.
 * @returns its start in milliseconds and how alike it is, 0…1
 */
export function findChirp(samples, nearMs, withinMs, direction, lengthMs = chirpMs) {
  const length = Math.round((lengthMs * rate) / 1000);
  const sought = chirp(length, rate, direction);
  const energy = sought.reduce((sum, value) => sum + value * value, 0);
  const from = Math.max(0, Math.round(((nearMs - withinMs) * rate) / 1000));
  const to = Math.min(samples.length - length, Math.round(((nearMs + withinMs) * rate) / 1000));
  let best = { at: from, likeness: -1 };
  for (let at = from; at <= to; at++) {
    let product = 0;
    for (let i = 0; i < length; i += 2) product += sought[i] * samples[at + i];
    let own = 0;
    for (let i = 0; i < length; i += 2) own += samples[at + i] ** 2;
    const likeness = (product * Math.SQRT2) / Math.sqrt(Math.max(1e-12, own * energy));
    if (likeness > best.likeness) best = { at, likeness };
  }
  return { ms: (best.at * 1000) / rate, likeness: best.likeness };
}

/** Integrated loudness (LUFS) and true peak (dBTP) of a stream, by ffmpeg's ebur128. */
export function loudness(path, index) {
  const filter = ['-map', `0:a:${index}`, '-af', 'ebur128=peak=true', '-f', 'null', '-'];
  const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostats', '-i', path, ...filter], { maxBuffer: 1 << 28 });
  const last = (pattern) => Number([...stderr.toString().matchAll(pattern)].at(-1)?.[1]);
  return { lufs: last(/I:\s+(-?[\d.]+) LUFS/g), dbtp: last(/Peak:\s+(-?[\d.]+) dBFS/g) };
}

/** Mean power of samples between two times. */
export function power(samples, fromMs, toMs) {
  const from = Math.round((fromMs * rate) / 1000);
  const to = Math.min(samples.length, Math.round((toMs * rate) / 1000));
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[i] ** 2;
  return to > from ? sum / (to - from) : 0;
}

/** How much of `original` is in `mixed` between two times, as a gain in dB: the best fit over lags up to 1 ms. */
export function gainOf(original, mixed, fromMs, toMs) {
  const from = Math.round((fromMs * rate) / 1000);
  const to = Math.min(original.length, mixed.length, Math.round((toMs * rate) / 1000)) - 48;
  let energy = 0;
  for (let i = from; i < to; i++) energy += original[i] ** 2;
  let best = 0;
  for (let lag = -48; lag <= 48; lag++) {
    let product = 0;
    for (let i = Math.max(from, -lag); i < to; i++) product += original[i] * (mixed[i + lag] ?? 0);
    best = Math.max(best, Math.abs(product) / energy);
  }
  return 20 * Math.log10(Math.max(1e-6, best));
}
