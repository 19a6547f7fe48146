import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createHttp } from '../../../src/net/client.js';
import type { Clock } from '../../../src/net/clock.js';
import type { RetryNotice } from '../../../src/net/http.js';
import type { AsrProvider, AsrRequest } from '../../../src/providers/asr/contract.js';
import { qwen } from '../../../src/providers/asr/qwen/index.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import { dashscope } from '../../../src/providers/storage/dashscope/index.js';
import { type AsrSettings, asr, asrSettings } from '../../emulators/dashscope/asr.js';
import { type Clip, createEar, type Ear } from '../../emulators/dashscope/ear.js';
import { defaultKey, type Emulator, type EmulatorOptions, startEmulator } from '../../emulators/dashscope/server.js';
import { speakAloud, toWave } from '../../emulators/dashscope/speech.js';
import { instantClock } from '../../net/clocks.js';
import { ffmpeg, noTracks, temporaryFolder } from '../support.js';

const rate = 16_000;

/** A line of a talk and how long the silence before it is. */
export interface TalkLine {
  readonly text: string;
  readonly afterMs: number;
  /** `english`, `chinese`, `german`, … */
  readonly tongue?: string;
  /** The service's code; `en` unless told. */
  readonly language?: string;
  readonly speaker?: number;
}

/** Spoken sound as FLAC, and what is said when. */
export interface Talk {
  readonly path: string;
  readonly durationMs: number;
  readonly lines: readonly (TalkLine & { readonly startMs: number; readonly endMs: number })[];
  readonly audio: NonNullable<AsrRequest['audio']>;
}

/** What everything in the talks sounds like: shared, so that each line is spoken once. */
export const ear: Ear = createEar();
const learned = new Map<string, Promise<Clip>>();

/** Speaks a line; the ear knows it from then on. */
function speak({ text, tongue = 'english', language = 'en', speaker }: TalkLine): Promise<Clip> {
  const key = `${tongue} ${speaker} ${text}`;
  const known = learned.get(key);
  if (known) return known;
  const made = speakAnew(text, tongue, language, speaker);
  learned.set(key, made);
  return made;
}

async function speakAnew(text: string, tongue: string, language: string, speaker = 0): Promise<Clip> {
  const voice = speaker % 2 === 0 ? 'Cherry' : 'Ethan';
  const spoken = { language: tongue, text, voice, man: speaker % 2 === 1, speed: 1, sampleRate: rate };
  const pcm = await speakAloud(spoken);
  const samples = Float32Array.from({ length: pcm.length / 2 }, (_, at) => pcm.readInt16LE(at * 2) / 32_768);
  // The silence that the voice begins and ends with is no part of the line.
  const loud = (sample: number) => Math.abs(sample) > 0.003;
  const clip = {
    text,
    language,
    speaker,
    samples: samples.slice(samples.findIndex(loud), samples.findLastIndex(loud)),
  };
  ear.learn(clip);
  return clip;
}

/** Lays lines one after the other and writes them as 16 kHz mono FLAC. */
export async function makeTalk(lines: readonly TalkLine[], tailMs = 500): Promise<Talk> {
  const folder = await temporaryFolder();
  const spoken: { line: TalkLine; at: number; clip: Clip }[] = [];
  let at = 0;
  for (const line of lines) {
    const clip = await speak(line);
    at += (line.afterMs * rate) / 1000;
    spoken.push({ line, at, clip });
    at += clip.samples.length;
  }
  const sound = new Int16Array(at + (tailMs * rate) / 1000);
  for (const { at: from, clip } of spoken) {
    sound.set(
      Int16Array.from(clip.samples, (sample) => Math.round(sample * 32_767)),
      from,
    );
  }
  const [wave, path] = [join(folder, 'talk.wav'), join(folder, 'talk.flac')];
  await writeFile(wave, toWave(Buffer.from(sound.buffer), rate, 'true'));
  await ffmpeg('-i', wave, '-c:a', 'flac', '-sample_fmt', 's16', path);
  const durationMs = Math.round(sound.length / 16);
  const ms = (samples: number) => Math.round(samples / 16);
  return {
    ...{ path, durationMs },
    lines: spoken.map(({ line, at: from, clip }) => ({
      ...line,
      startMs: ms(from),
      endMs: ms(from + clip.samples.length),
    })),
    audio: { path, mediaType: 'audio/flac', durationMs },
  };
}

/** Three seconds of silence. */
export async function makeSilence(): Promise<Talk> {
  return makeTalk([], 3000);
}

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** A recogniser in front of an emulator, and what it meets there. */
export interface Bench {
  readonly emulator: Emulator;
  readonly settings: AsrSettings;
  readonly provider: AsrProvider;
  readonly storage: StorageProvider;
  readonly retries: readonly RetryNotice[];
  /** How often it was asked to do work that is paid. */
  paid(): number;
  make(options?: Readonly<Record<string, unknown>>): AsrProvider;
  request(talk: Talk, more?: Partial<AsrRequest>): AsrRequest;
  close(): Promise<void>;
}

/** What differs from a plain bench. */
export interface BenchOptions {
  readonly settings?: Partial<AsrSettings>;
  readonly emulator?: EmulatorOptions;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The poller's clock; the machine's unless told. */
  readonly clock?: Clock;
  /** False for one that outlives the test. */
  readonly untilTestEnds?: boolean;
}

/** An emulator and a recogniser of it. Waits between tries take no time; a task is asked for every 20 ms. */
export async function bench(given: BenchOptions = {}): Promise<Bench> {
  const settings = asrSettings(given.settings);
  const emulator = await startEmulator({ parts: [asr(ear, settings)], ...given.emulator });
  // Faster than the account's 20 a second, which a test of the poller is about.
  emulator.limit('task.query', { perSecond: 1000 });
  const retries: RetryNotice[] = [];
  const http = createHttp({
    version: '1.2.3',
    clock: instantClock(Date.now()),
    random: () => 0.5,
    onRetry: (notice) => retries.push(notice),
  });
  const tools = {
    scratch: '',
    http: async (scope: Parameters<typeof http.scope>[0]) => http.scope(scope),
    clock: given.clock,
  };
  const usual = { apiKey: defaultKey, baseUrl: emulator.url, pollMs: 20, ...given.options };
  const make = (options: Readonly<Record<string, unknown>> = {}) =>
    qwen.create(qwen.options.parse({ ...usual, ...options }), tools);
  const storage = dashscope.create(
    dashscope.options.parse({ apiKey: usual.apiKey, baseUrl: emulator.url, pollMs: 20 }),
    tools,
  );
  const close = async () => {
    await http.close();
    await emulator.close();
  };
  if (given.untilTestEnds !== false) toClose.push({ close });
  return {
    ...{ emulator, settings, storage, retries, make, close, provider: make() },
    paid: () => emulator.requestsTo('asr.submit').length + emulator.requestsTo('asr.call').length,
    request: ({ audio }, more = {}) => ({
      ...{ audio, ...noTracks },
      publishAudio: async (forModel, signal) =>
        (await storage.put(audio.path, { mediaType: audio.mediaType, forModel }, signal)).url,
      ...more,
    }),
  };
}

/** A short talk of two speakers. */
export const dialogue: readonly TalkLine[] = [
  { text: 'Good evening, everybody, and welcome to the show.', afterMs: 700, speaker: 0 },
  { text: 'Thank you, it is a pleasure to be here tonight.', afterMs: 900, speaker: 1 },
  { text: 'Tell us about the damn weather in Scotland.', afterMs: 800, speaker: 0 },
];

/** A few sentences of one speaker, with hardly a word of `dialogue` in them. */
export const story: readonly TalkLine[] = [
  { text: 'He was not an ill-disposed young man.', afterMs: 400 },
  {
    text: 'Had he married a more amiable woman, he might have been made still more respectable than he was.',
    afterMs: 900,
  },
  { text: 'His wife was a strong caricature of himself, more narrow-minded and selfish.', afterMs: 1200 },
];
