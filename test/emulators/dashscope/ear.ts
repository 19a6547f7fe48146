import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { RealFft } from '../../../src/sound/fft.js';

/** A word of a clip; times count from the clip's start. */
export interface ClipWord {
  readonly text: string;
  /** What stands behind it, a space included where the service has been seen to send one. */
  readonly punctuation: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Something that may be heard: one sentence and how it sounds. */
export interface Clip {
  readonly text: string;
  /** The service's code. */
  readonly language: string;
  /** 16 kHz mono, 32-bit floats. */
  readonly samples: Float32Array;
  readonly speaker?: number | undefined;
  readonly emotion?: string | undefined;
}

/** A clip where it was heard in some sound. */
export interface Heard {
  readonly clip: Clip;
  /** In the sound; before 0 when its beginning is cut off. */
  readonly startMs: number;
  readonly endMs: number;
  /** The words that are in the sound, on its clock. */
  readonly words: readonly ClipWord[];
}

/** Knows some clips and finds them again in any sound, as a recogniser finds words. */
export interface Ear {
  learn(clip: Clip): void;
  /** Clips in the sound in order; none when there is nothing it knows. */
  listen(samples: Float32Array): Heard[];
}

const rate = 16_000;
const hop = 160;
const hopMs = 10;
const window = 512;
/** Bins of 31.25 Hz: one peak is taken of each band. */
const bands = [4, 9, 16, 26, 42, 66, 104, 160] as const;
const maxAhead = 40;
const fanOut = 6;

interface Landmark {
  readonly hash: number;
  readonly frame: number;
}

interface Known {
  readonly clip: Clip;
  readonly landmarks: readonly Landmark[];
}

/**
 * An ear that recognises by landmarks: pairs of peaks of the spectrum, which survive lossy coding, cuts, another level
 * and other sound around. Everything it tells is told by the sound alone.
 */
export function createEar(): Ear {
  const known: Known[] = [];
  const index = new Map<number, { readonly clip: number; readonly frame: number }[]>();
  let listened = new WeakMap<Float32Array, Heard[]>();

  function candidates(samples: Float32Array) {
    const votes = new Map<string, number>();
    for (const { hash, frame } of landmarksOf(samples)) {
      for (const place of index.get(hash) ?? []) {
        // Counted in steps of two frames, each vote for both steps it may belong to.
        const offset = frame - place.frame;
        for (const step of [Math.floor(offset / 2), Math.floor((offset + 1) / 2)]) {
          const key = `${place.clip} ${step}`;
          votes.set(key, (votes.get(key) ?? 0) + 1);
        }
      }
    }
    const frames = Math.floor(samples.length / hop);
    return [...votes].flatMap(([key, count]) => {
      const [clip = 0, step = 0] = key.split(' ').map(Number);
      const { landmarks, clip: what } = known[clip]!;
      const from = step * 2;
      const inside = landmarks.filter(({ frame }) => frame + from >= 0 && frame + from < frames).length;
      const share = count / 2 / Math.max(1, inside);
      if (inside < 12 || share < 0.12) return [];
      return [{ clip: what, frame: from, count, share, length: Math.floor(what.samples.length / hop) }];
    });
  }

  return {
    learn(clip) {
      listened = new WeakMap();
      const landmarks = landmarksOf(clip.samples);
      for (const { hash, frame } of landmarks) {
        const places = index.get(hash) ?? [];
        places.push({ clip: known.length, frame });
        index.set(hash, places);
      }
      known.push({ clip, landmarks });
    },
    listen(samples) {
      const earlier = listened.get(samples);
      if (earlier) return earlier;
      const found: { clip: Clip; from: number; to: number; share: number }[] = [];
      for (const { clip, frame, length, share } of candidates(samples).sort((a, b) => b.count - a.count)) {
        const [from, to] = [frame, frame + length];
        const clash = found.some((other) => Math.min(to, other.to) - Math.max(from, other.from) > 0.3 * length);
        const same = found.some((other) => other.clip === clip && Math.abs(other.from - from) < length / 2);
        // Two voices at once are heard when each is plain by itself.
        if (!same && (!clash || share > 0.5)) found.push({ clip, from, to, share });
      }
      const soundMs = (samples.length * 1000) / rate;
      const heard = found
        .map(({ clip, from }) => toHeard(clip, from * hopMs, soundMs))
        .filter(({ words }) => words.length > 0)
        .sort((a, b) => a.startMs - b.startMs);
      listened.set(samples, heard);
      return heard;
    },
  };
}

function toHeard(clip: Clip, startMs: number, soundMs: number): Heard {
  const endMs = startMs + Math.round((clip.samples.length * 1000) / rate);
  const words = wordsOf(clip)
    .map((word) => ({ ...word, startMs: word.startMs + startMs, endMs: word.endMs + startMs }))
    .filter((word) => (word.startMs + word.endMs) / 2 > 0 && (word.startMs + word.endMs) / 2 < soundMs)
    .map((word) => ({ ...word, startMs: Math.max(0, word.startMs), endMs: Math.min(soundMs, word.endMs) }));
  return { clip, startMs, endMs, words };
}

/** A clip's words, its time shared out by their letters; Chinese and Japanese by character. */
export function wordsOf({ text, language, samples }: Clip): ClipWord[] {
  const unspaced = ['zh', 'ja', 'yue', 'th'].includes(language);
  const pattern = unspaced ? /[\p{L}\p{N}][\p{P}]*/gu : /\S+/gu;
  const tokens = text.match(pattern) ?? [];
  const durationMs = (samples.length * 1000) / rate;
  const total = tokens.reduce((sum, token) => sum + token.length, 0);
  let before = 0;
  return tokens.map((token, index) => {
    const [, bare = token, punctuation = ''] = /^(.*?[\p{L}\p{N}])(\P{L}*)$/su.exec(token) ?? [];
    const startMs = Math.round((durationMs * before) / total);
    before += token.length;
    const space = unspaced || index === tokens.length - 1 ? '' : ' ';
    const endMs = Math.round((durationMs * before) / total);
    // The space is the word's own, or stands behind its punctuation.
    return punctuation === ''
      ? { text: bare + space, punctuation: '', startMs, endMs }
      : { text: bare, punctuation: punctuation + space, startMs, endMs };
  });
}

function landmarksOf(samples: Float32Array): Landmark[] {
  const peaks = peaksOf(samples);
  const landmarks: Landmark[] = [];
  for (const [at, first] of peaks.entries()) {
    let pairs = 0;
    for (let next = at + 1; next < peaks.length && pairs < fanOut; next++) {
      const second = peaks[next]!;
      const ahead = second.frame - first.frame;
      if (ahead > maxAhead) break;
      if (ahead < 2) continue;
      landmarks.push({ hash: (first.bin << 16) | (second.bin << 6) | ahead, frame: first.frame });
      pairs++;
    }
  }
  return landmarks;
}

/** Peaks that are the highest of their band for 70 ms around, and not far below the loudest. */
function peaksOf(samples: Float32Array): { readonly frame: number; readonly bin: number }[] {
  const fft = new RealFft(window);
  const spectrum = fft.emptySpectrum();
  const frames = Math.max(0, Math.floor((samples.length - window) / hop) + 1);
  const bandCount = bands.length - 1;
  const tops = new Float32Array(frames * bandCount);
  const bins = new Uint8Array(frames * bandCount);
  const frame = new Float32Array(window);
  let loudest = 0;
  for (let at = 0; at < frames; at++) {
    for (let i = 0; i < window; i++) {
      frame[i] = samples[at * hop + i]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window));
    }
    const { re, im } = fft.forward(frame, spectrum);
    for (let band = 0; band < bandCount; band++) {
      let best = 0;
      for (let bin = bands[band]!; bin < bands[band + 1]!; bin++) {
        const power = re[bin]! ** 2 + im[bin]! ** 2;
        if (power <= best) continue;
        best = power;
        bins[at * bandCount + band] = bin;
      }
      tops[at * bandCount + band] = best;
      loudest = Math.max(loudest, best);
    }
  }
  const peaks: { frame: number; bin: number }[] = [];
  for (let at = 0; at < frames; at++) {
    for (let band = 0; band < bandCount; band++) {
      const top = tops[at * bandCount + band]!;
      if (top < loudest * 1e-5 || top < 1e-6) continue;
      let highest = true;
      for (let near = Math.max(0, at - 3); near <= Math.min(frames - 1, at + 3); near++) {
        if (near !== at && tops[near * bandCount + band]! > top) highest = false;
      }
      if (highest) peaks.push({ frame: at, bin: bins[at * bandCount + band]! });
    }
  }
  return peaks;
}

const decoded = new Map<string, Promise<Float32Array[] | undefined>>();

/**
 * Sound as the service decodes it: any format, all channels, to 16 kHz. Undefined when it cannot be decoded. The last
 * few are kept: tests send the same sound again and again.
 */
export function decodeSound(bytes: Uint8Array): Promise<Float32Array[] | undefined> {
  const key = createHash('sha1').update(bytes).digest('hex');
  const known = decoded.get(key) ?? decodeAnew(bytes);
  decoded.delete(key);
  decoded.set(key, known);
  if (decoded.size > 4) decoded.delete(decoded.keys().next().value!);
  return known;
}

async function decodeAnew(bytes: Uint8Array): Promise<Float32Array[] | undefined> {
  const channels = await countChannels(bytes);
  if (channels === undefined) return undefined;
  const args = [...quiet, '-i', 'pipe:0', '-ar', String(rate), '-f', 'f32le', 'pipe:1'];
  const raw = await pipeThrough('ffmpeg', args, bytes);
  if (raw === undefined) return undefined;
  const whole = raw.length - (raw.length % (4 * channels));
  const all = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + whole));
  return Array.from({ length: channels }, (_, channel) => all.filter((__, at) => at % channels === channel));
}

const quiet = ['-v', 'error', '-xerror', '-nostdin'];

async function countChannels(bytes: Uint8Array): Promise<number | undefined> {
  const shown = [
    '-v',
    'error',
    '-select_streams',
    'a:0',
    '-show_entries',
    'stream=channels',
    '-of',
    'csv=p=0',
    'pipe:0',
  ];
  const text = await pipeThrough('ffprobe', shown, bytes);
  const count = Number.parseInt(text?.toString() ?? '', 10);
  return count > 0 ? count : undefined;
}

function pipeThrough(program: string, args: readonly string[], input: Uint8Array): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? Buffer.concat(chunks) : undefined));
    // ffprobe has heard enough before the end.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** A line of a script: what is said and when. */
export interface ScriptLine {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** Learns a recording by its script, line by line, so that it is recognised in whatever is made of it. */
export async function learnRecording(
  ear: Ear,
  bytes: Uint8Array,
  script: readonly ScriptLine[],
  language: string,
): Promise<void> {
  const channels = await decodeSound(bytes);
  if (channels === undefined) throw new Error('The recording cannot be decoded.');
  const first = channels[0]!;
  const mono = first.map((_, at) => channels.reduce((sum, channel) => sum + channel[at]!, 0) / channels.length);
  for (const { startMs, endMs, text } of script) {
    const samples = mono.slice((startMs * rate) / 1000, (endMs * rate) / 1000);
    ear.learn({ text, language, samples });
  }
}

/** The lines of an SRT file. */
export function readScript(srt: string): ScriptLine[] {
  const pattern = /(\d+):(\d\d):(\d\d)[,.](\d{3}) --> (\d+):(\d\d):(\d\d)[,.](\d{3})[^\n]*\n([\s\S]*?)(?=\n\s*\n|$)/g;
  return [...srt.replaceAll('\r', '').matchAll(pattern)].map((found) => {
    const at = (first: number) =>
      [3_600_000, 60_000, 1000, 1].reduce((sum, unit, index) => sum + unit * Number(found[first + index]), 0);
    return { startMs: at(1), endMs: at(5), text: found[9]!.trim().replaceAll('\n', ' ') };
  });
}
