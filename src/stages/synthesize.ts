import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Cast, LineFailure, Script, TranslatedLine, Utterance } from '../domain/script.js';
import type { Take, Takes } from '../domain/timeline.js';
import { DubError, type DubErrorCode } from '../errors.js';
import { runFfmpeg } from '../media/run.js';
import type { TtsProvider, TtsRequest } from '../providers/tts/contract.js';
import { writeFlac } from '../sound/flac-writer.js';
import { readRecording } from '../sound/recording.js';
import { findSound } from '../sound/trim.js';
import { readWav, toMono } from '../sound/wav.js';
import { askInTurn, Breaker, fallbackOf } from './chain.js';
import type { Buyer, StageContext } from './context.js';

/** What `synthesize` needs to know besides script and cast. */
export interface SynthesizeOptions {
  /** BCP 47 of the target. */
  readonly language: string;
  readonly label: string;
  /** Who speaks the lines that the first engine cannot, in order. */
  readonly understudies?: readonly Understudy[] | undefined;
}

/** A voice engine that may speak instead of another. */
export interface Understudy {
  readonly provider: TtsProvider;
  /** `name[:model]`. */
  readonly label: string;
  /** Speaker to voice; a speaker who may have no other voice is absent. */
  readonly voices: Readonly<Record<string, string>>;
}

/** Version of what is kept per take: raise it when the conversion below changes. */
const takeVersion = 2;

/** Failures of one line; the others stand for the whole service or machine and end the run, resumable. */
const lineFailures: ReadonlySet<DubErrorCode> = new Set([
  'PROVIDER_REFUSED',
  'PROVIDER_BAD_REPLY',
  'PROVIDER_UNSUPPORTED',
]);

/**
 * Voices each line as it arrives, at most `limits.concurrency` at a time. A take that is kept from an earlier run under
 * the same text, language, voice and provider is not asked for again.
 * @param lines final wordings in any order; each is taken only when a place is free, so what feeds it is held back
 * @throws any `DubError` that concerns more than one line
 */
export async function synthesize(
  script: Script,
  lines: AsyncIterable<TranslatedLine>,
  cast: Cast,
  provider: TtsProvider,
  options: SynthesizeOptions,
  ctx: StageContext,
): Promise<Takes> {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const takes = new Map<string, Take>();
  const failures: LineFailure[] = [];
  const breaker = ctx.breaker ?? new Breaker();
  const { understudies = [], language } = options;
  const voiceInTurn = async (line: TranslatedLine, utterance: Utterance) => {
    const engines = [{ provider, label: options.label, voices: cast.voices }, ...understudies];
    const links = engines.filter(({ voices }) => voices[utterance.speaker] !== undefined);
    const { value, by } = await askInTurn(
      links,
      breaker,
      (link) => voice(line, utterance, link, language, ctx),
      (from, to, error) => {
        const change = fallbackOf(from.label, to.label, error);
        ctx.emit({ type: 'provider-fallback', stage: 'synthesize', ...change, utteranceIds: [line.utteranceId] });
      },
    );
    const take = by === links[0] ? value.take : { ...value.take, insteadOf: options.label };
    return { take, kept: value.kept };
  };
  const voiceLine = async (line: TranslatedLine) => {
    const utterance = utterances.get(line.utteranceId)!;
    try {
      const { take, kept } = await voiceInTurn(line, utterance);
      takes.set(take.utteranceId, take);
      ctx.emit({ type: 'line-done', stage: 'synthesize', utteranceId: take.utteranceId, kept });
    } catch (error) {
      failures.push(toLineFailure(error, line.utteranceId));
      ctx.emit({ type: 'line-failed', ...failures.at(-1)! });
    }
    const done = takes.size + failures.length;
    ctx.emit({ type: 'stage-progress', stage: 'synthesize', done, total: script.utterances.length });
  };
  await eachAtMost(Math.max(1, provider.limits.concurrency), lines, voiceLine);
  refuseIfNothing(takes.size, failures, options.label);
  return {
    takes: script.utterances.map((utterance) => takes.get(utterance.id)).filter((take) => take !== undefined),
    failures: failures.sort((a, b) => (a.utteranceId < b.utteranceId ? -1 : 1)),
  };
}

/** Runs `work` on every item, `count` at a time, and takes the next item only when one is done. */
async function eachAtMost<T>(count: number, items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const limit = pLimit(count);
  const running = new Set<Promise<void>>();
  for await (const item of items) {
    const job = limit(() => work(item)).finally(() => running.delete(job));
    running.add(job);
    if (running.size >= count) await Promise.race(running);
  }
  await Promise.all(running);
}

/** Ids of the lines whose takes are kept under the keys that `synthesize` would keep them under. Buys nothing. */
export async function keptTakes(
  script: Script,
  lines: readonly TranslatedLine[],
  cast: Cast,
  provider: TtsProvider,
  options: SynthesizeOptions,
  buyer: Pick<Buyer, 'has'>,
): Promise<ReadonlySet<string>> {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const engine = { provider, label: options.label, voices: cast.voices };
  const keyOf = (line: TranslatedLine) =>
    orderOf(line, utterances.get(line.utteranceId)!, engine, options.language).key;
  const found = await Promise.all(lines.map((line) => buyer.has('synthesize', keyOf(line))));
  return new Set(lines.filter((_, index) => found[index]).map(({ utteranceId }) => utteranceId));
}

/** What is asked for a line, and what its take is kept under. */
function orderOf(
  { text, rate, reading }: TranslatedLine,
  { speaker }: Utterance,
  { provider, label, voices }: Understudy,
  language: string,
) {
  const request: TtsRequest = {
    ...{ text, language, voice: voices[speaker]! },
    ...(rate === undefined ? {} : { rate }),
  };
  const again = reading === undefined ? {} : { reading };
  const key = { ...request, ...again, take: takeVersion, provider: label, fingerprint: provider.fingerprint() };
  return { request, key };
}

async function voice(
  line: TranslatedLine,
  utterance: Utterance,
  { provider, label, voices }: Understudy,
  language: string,
  ctx: StageContext,
): Promise<{ take: Take; kept: boolean }> {
  const { request, key } = orderOf(line, utterance, { provider, label, voices }, language);
  const billed = provider.estimate?.(request);
  const { path, kept } = await ctx.buyer.buyFile({
    stage: 'synthesize',
    provider: label,
    key,
    estimate: billed?.most ?? [{ unit: 'character', count: [...line.text].length }],
    likely: billed?.likely,
    utteranceIds: [line.utteranceId],
    extension: '.flac',
    async call() {
      const reply = await provider.synthesize(request, ctx.signal);
      for (const message of reply.warnings) ctx.emit({ type: 'warning', stage: 'synthesize', message });
      return { bytes: await toTakeFile(reply.audio, reply.mediaType, utterance.id, label, ctx), notes: reply };
    },
  });
  return { take: await readTake(path, line.utteranceId, request.voice, label), kept };
}

/**
 * Any audio as 16-bit mono FLAC; WAV is read here, everything else by ffmpeg. Encoded here as well: it takes milliseconds,
 * where starting ffmpeg for each take would cost more than the voice's own network calls leave free.
 */
async function toTakeFile(
  audio: Uint8Array,
  mediaType: string,
  id: string,
  label: string,
  ctx: StageContext,
): Promise<Uint8Array> {
  const wav = readWav(audio) ?? readWav(await convert(audio, mediaType, id, ctx));
  if (wav === undefined) throw badAudio(label, `no audio that can be decoded (${mediaType}, ${audio.length} bytes)`);
  const mono = toMono(wav);
  if (findSound(mono, wav.sampleRate) === undefined) throw badAudio(label, 'silence');
  const samples = toInt16(mono);
  const md5 = createHash('md5').update(toBytes(samples)).digest();
  return writeFlac(samples, wav.sampleRate, md5);
}

async function convert(audio: Uint8Array, mediaType: string, id: string, ctx: StageContext): Promise<Uint8Array> {
  const from = join(ctx.scratch, `${id}.audio`);
  const to = join(ctx.scratch, `${id}.wav`);
  await writeFile(from, audio);
  const job = {
    purpose: `decode the voice engine's ${mediaType}`,
    inputs: [{ from }],
    outputs: [{ options: ['-map', '0:a:0', '-ac', '1', '-c:a', 'pcm_s16le', '-f', 'wav'], to }],
  };
  await runFfmpeg(job, ctx.tools, ctx.signal).catch((cause: unknown) => {
    if (cause instanceof DubError && cause.code !== 'FFMPEG_FAILED') throw cause;
    throw new DubError('PROVIDER_BAD_REPLY', `The voice engine's ${mediaType} cannot be decoded.`, { cause });
  });
  return readFile(to);
}

async function readTake(path: string, utteranceId: string, voiceName: string, label: string): Promise<Take> {
  const wav = readRecording(await readFile(path));
  const sound = wav && findSound(wav.samples, wav.sampleRate);
  if (wav === undefined || sound === undefined)
    throw badAudio(label, 'a take that can no longer be read from the store');
  const durationMs = Math.round(((sound.endSample - sound.startSample) * 1000) / wav.sampleRate);
  return { utteranceId, path, sampleRate: wav.sampleRate, ...sound, durationMs, voice: voiceName, provider: label };
}

function toInt16(samples: Float32Array): Int16Array {
  const whole = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    whole[i] = Math.max(-32_768, Math.min(32_767, Math.round(samples[i]! * 32_768)));
  }
  return whole;
}

/** Little-endian, as FLAC's sum is taken. */
function toBytes(samples: Int16Array): Uint8Array {
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, index * 2);
  return bytes;
}

function badAudio(label: string, what: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `${label} answered with ${what}.`, {
    hint: 'Try the line with another voice (--voice) or engine (--tts).',
  });
}

function toLineFailure(error: unknown, utteranceId: string): LineFailure {
  if (!(error instanceof DubError) || !lineFailures.has(error.code)) throw error;
  return { utteranceId, stage: 'synthesize', code: error.code, message: error.message };
}

/** A dub without a single voice is no dub: the engine failed, not its lines. */
function refuseIfNothing(voiced: number, failures: readonly LineFailure[], label: string): void {
  const first = failures[0];
  if (voiced > 0 || first === undefined) return;
  throw new DubError(
    'PROVIDER_REFUSED',
    `${label} voiced none of the ${failures.length} lines. The first: ${first.message}`,
    {
      hint: 'Try another voice with --voice or another engine with --tts; `dub doctor` checks this machine.',
    },
  );
}
