import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { type Cast, type CastMember, voiceIdentity } from '../domain/cast.js';
import type { LineFailure, Script, TranslatedLine, Utterance } from '../domain/script.js';
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
import { EnrolledVoices, voiceOfRequest } from './synthesize/enrolled-voices.js';

export { rememberedVoices } from './synthesize/enrolled-voices.js';

/** A cast and the engines that speak for it, by label. */
export interface Company {
  readonly cast: Cast;
  readonly engines: ReadonlyMap<string, TtsProvider>;
}

/** What `synthesize` needs to know besides script and cast. */
export interface SynthesizeOptions {
  /** BCP 47 of the target. */
  readonly language: string;
  /** Who speaks the lines that the company cannot, in order; a speaker who may have no other voice is absent. */
  readonly understudies?: readonly Company[] | undefined;
  /** Said of samples whose speaker's consent a server asks for. */
  readonly consent?: string | undefined;
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
 * Voices each line as it arrives by its speaker's engine and voice, at most `limits.concurrency` at a time for each
 * engine. A take that is kept from an earlier run under the same text, language, voice or sample, and engine is not asked
 * for again.
 * @param lines final wordings in any order; each is taken only when a place is free, so what feeds it is held back
 * @throws any `DubError` that concerns more than one line
 */
export async function synthesize(
  script: Script,
  lines: AsyncIterable<TranslatedLine>,
  company: Company,
  options: SynthesizeOptions,
  ctx: StageContext,
): Promise<Takes> {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const takes = new Map<string, Take>();
  const failures: LineFailure[] = [];
  const companies = [company, ...(options.understudies ?? [])];
  const booths = openBooths(companies);
  const enrolled = new EnrolledVoices(ctx);
  const breaker = ctx.breaker ?? new Breaker();
  const voiceInTurn = async (line: TranslatedLine) => {
    const links = worksOn(line, utterances, companies);
    const { value, by } = await askInTurn(
      links,
      breaker,
      (work) => booths.get(work.label)!(() => voice(work, enrolled, options, ctx)),
      (from, to, error) => {
        const change = fallbackOf(from.label, to.label, error);
        ctx.emit({ type: 'provider-fallback', stage: 'synthesize', ...change, utteranceIds: [line.utteranceId] });
      },
    );
    const take = by === links[0] ? value.take : { ...value.take, insteadOf: links[0]!.label };
    return { take, kept: value.kept };
  };
  const voiceLine = async (line: TranslatedLine) => {
    try {
      const { take, kept } = await voiceInTurn(line);
      takes.set(take.utteranceId, take);
      ctx.emit({ type: 'line-done', stage: 'synthesize', utteranceId: take.utteranceId, kept });
    } catch (error) {
      failures.push(toLineFailure(error, line.utteranceId));
      ctx.emit({ type: 'line-failed', ...failures.at(-1)! });
    }
    const done = takes.size + failures.length;
    ctx.emit({ type: 'stage-progress', stage: 'synthesize', done, total: script.utterances.length });
  };
  const places = [...company.engines.keys()].reduce((sum, label) => sum + booths.get(label)!.concurrency, 0);
  await eachAtMost(places, lines, voiceLine);
  refuseIfNothing(takes.size, failures, [...company.engines.keys()].join(', '));
  return {
    takes: script.utterances.map((utterance) => takes.get(utterance.id)).filter((take) => take !== undefined),
    failures: failures.sort((a, b) => (a.utteranceId < b.utteranceId ? -1 : 1)),
  };
}

/** For each engine, the requests that it takes side by side. */
function openBooths(companies: readonly Company[]): ReadonlyMap<string, LimitFunction> {
  const engines = companies.flatMap((company) => [...company.engines]);
  return new Map(engines.map(([label, { limits }]) => [label, pLimit(Math.max(1, limits.concurrency))]));
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
  company: Company,
  options: SynthesizeOptions,
  buyer: Pick<Buyer, 'has'>,
): Promise<ReadonlySet<string>> {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const keyOf = (line: TranslatedLine) => orderOf(worksOn(line, utterances, [company])[0]!, options).key;
  const found = await Promise.all(lines.map((line) => buyer.has('synthesize', keyOf(line))));
  return new Set(lines.filter((_, index) => found[index]).map(({ utteranceId }) => utteranceId));
}

/** One line, who speaks it, and with what. */
interface LineWork {
  readonly line: TranslatedLine;
  readonly speaker: string;
  readonly member: CastMember;
  /** Of the engine. */
  readonly label: string;
  readonly provider: TtsProvider;
}

/** The ways to have a line spoken, in order. */
function worksOn(
  line: TranslatedLine,
  utterances: ReadonlyMap<string, Utterance>,
  companies: readonly Company[],
): LineWork[] {
  const { speaker } = utterances.get(line.utteranceId)!;
  return companies.flatMap(({ cast, engines }) => {
    const member = cast.members[speaker];
    if (member === undefined) return [];
    return [{ line, speaker, member, label: member.provider, provider: engines.get(member.provider)! }];
  });
}

/** What is asked for a line, and what its take is kept under. */
function orderOf({ line, member, label, provider }: LineWork, { language }: SynthesizeOptions) {
  const { text, reading } = line;
  const { voice: name, sample } = member;
  const words = { text, language, ...rateFor(line, provider) };
  const request: TtsRequest = { ...words, voice: name, ...(sample === undefined ? {} : { sample }) };
  const again = reading === undefined ? {} : { reading };
  const shape = { ...words, ...voiceIdentity(member), ...again };
  const key = { ...shape, take: takeVersion, provider: label, fingerprint: provider.fingerprint() };
  return { request, key };
}

/** The rate asked for as far as the speaker's engine can follow; the tempo does the rest. */
function rateFor({ rate }: TranslatedLine, { limits }: TtsProvider): { readonly rate?: number } {
  if (rate === undefined || limits.rate === undefined) return {};
  return { rate: Math.min(limits.rate.max, Math.max(limits.rate.min, rate)) };
}

async function voice(
  work: LineWork,
  enrolled: EnrolledVoices,
  options: SynthesizeOptions,
  ctx: StageContext,
): Promise<{ take: Take; kept: boolean }> {
  const { line, speaker, member, label, provider } = work;
  const { request, key } = orderOf(work, options);
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
      const named = await voiceOfRequest(speaker, member, provider, enrolled, options.consent);
      const reply = await provider.synthesize({ ...request, ...named }, ctx.signal);
      for (const message of reply.warnings) ctx.emit({ type: 'warning', stage: 'synthesize', message });
      return { bytes: await toTakeFile(reply.audio, reply.mediaType, line.utteranceId, label, ctx), notes: reply };
    },
  });
  return { take: await readTake(path, line.utteranceId, member.voice, label), kept };
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
    throw new DubError('PROVIDER_BAD_REPLY', `The voice engine's ${mediaType} cannot be decoded.`, {
      hint: 'Try the line with another voice (--voice) or engine (--tts).',
      cause,
    });
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
