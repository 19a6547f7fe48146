import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Writable } from 'node:stream';
import type { Loudness, Soundtrack, Source, SourceStream } from '../domain/source.js';
import { formatClock } from '../domain/time.js';
import { DubError } from '../errors.js';
import { type AudioChoice, chooseAudioStream } from '../media/audio-stream.js';
import { programmeClockFilter } from '../media/filters.js';
import { readFirstSampleUs } from '../media/probe.js';
import { type FfmpegOutput, runFfmpeg } from '../media/run.js';
import { LoudnessMeter } from '../sound/loudness.js';
import type { FileKeeper, StageContext } from './context.js';

/** Which audio is dubbed, and whether anybody listens to it. */
export interface ExtractOptions extends AudioChoice {
  /** False when the words come from subtitles: the sound is only measured. */
  readonly needsSpeech: boolean;
  /** Where the speech track is kept, which is large; with what is measured, when undefined. */
  readonly speechKeeper?: FileKeeper | undefined;
}

/** What one decode of the audio found. */
interface Measurement {
  readonly loudness: Loudness;
  /** How much sound there was, gaps not counted. */
  readonly decodedMs: number;
}

/** Rate of the speech track, Hz: what recognisers are trained on. */
const speechRate = 16_000;

/**
 * The sound to dub, measured, and the speech track for recognition on the programme's clock; one decode makes both.
 * @throws INPUT_NO_AUDIO; INPUT_NO_SPEECH when it is silent all through; INPUT_UNREADABLE when nothing decodes
 */
export async function extract(source: Source, options: ExtractOptions, ctx: StageContext): Promise<Soundtrack> {
  const stream = chooseAudioStream(source, options);
  const firstUs = await readFirstSampleUs(source.path, stream.index, ctx.tools, ctx.signal);
  if (firstUs === undefined) throw undecodable(source, stream);
  const offsetUs = firstUs - source.zeroUs;
  const { measurement, speechPath } = await listen(source, stream, offsetUs, options, ctx);
  refuseSilence(source, stream, measurement.loudness);
  warnOfMissingSound(source, stream, measurement.decodedMs, ctx);
  return {
    sourcePath: source.path,
    streamIndex: stream.index,
    offsetUs,
    durationMs: source.durationMs,
    ...formatOf(stream),
    loudness: measurement.loudness,
    ...(speechPath === undefined ? {} : { speechPath }),
  };
}

/** Decodes what is not kept from an earlier run: the speech track, the measurement, or both at once. */
async function listen(
  source: Source,
  stream: SourceStream,
  offsetUs: number,
  { needsSpeech, speechKeeper }: ExtractOptions,
  ctx: StageContext,
): Promise<{ measurement: Measurement; speechPath?: string }> {
  const key = { stage: 'extract', version: 1, source: source.fingerprint, stream: stream.index };
  let measured: Measurement | undefined;
  let speechPath: string | undefined;
  if (needsSpeech) {
    const clock = { offsetUs, durationMs: source.durationMs };
    const speech = await (speechKeeper ?? ctx.keeper).file(
      { ...key, ...clock, made: 'speech' },
      '.flac',
      async (path) => {
        measured = await decode(source, stream, [speechOutput(stream, clock, path)], ctx);
      },
    );
    speechPath = speech.path;
  }
  const kept = await ctx.keeper.file({ ...key, made: 'loudness' }, '.json', async (path) => {
    measured ??= await decode(source, stream, [], ctx);
    await writeFile(path, JSON.stringify(measured));
  });
  const measurement = measured ?? (JSON.parse(await readFile(kept.path, 'utf8')) as Measurement);
  return { measurement, ...(speechPath === undefined ? {} : { speechPath }) };
}

function speechOutput(
  stream: SourceStream,
  clock: { readonly offsetUs: number; readonly durationMs: number },
  path: string,
): FfmpegOutput {
  // Mixed down before it is resampled: one channel to resample, not six.
  const filter = `aformat=channel_layouts=mono,${programmeClockFilter(clock.offsetUs, speechRate, clock.durationMs)}`;
  const format = ['-c:a', 'flac', '-ac', '1', '-ar', String(speechRate), '-sample_fmt', 's16', '-f', 'flac'];
  return { options: ['-map', `0:${stream.index}`, '-af', filter, ...format], to: path };
}

async function decode(
  source: Source,
  stream: SourceStream,
  beside: readonly FfmpegOutput[],
  ctx: StageContext,
): Promise<Measurement> {
  const { sampleRate, channels, layout } = formatOf(stream);
  const meter = new LoudnessMeter({ sampleRate, channels, layout });
  let frames = 0;
  const tellProgress = everyPercent(source.durationMs, ctx);
  const samples = takeFrames(channels, (interleaved) => {
    meter.push(interleaved);
    frames += interleaved.length / channels;
    tellProgress(Math.round((frames * 1000) / sampleRate));
  });
  const format = ['-c:a', 'pcm_f32le', '-ar', String(sampleRate), '-ac', String(channels), '-f', 'f32le'];
  const measured = { options: ['-map', `0:${stream.index}`, ...format], to: samples };
  // Picture and other sound are not even read, so nothing but the one stream is decoded.
  const inputs = [{ options: ['-vn', '-sn', '-dn'], from: source.path }];
  await runFfmpeg({ purpose: 'decode the sound', inputs, outputs: [...beside, measured] }, ctx.tools, ctx.signal);
  return { loudness: meter.result(), decodedMs: Math.round((frames * 1000) / sampleRate) };
}

/** Takes whole frames of 32-bit floats out of a byte stream that is cut anywhere. */
function takeFrames(channels: number, take: (interleaved: Float32Array) => void): Writable {
  const frameBytes = channels * Float32Array.BYTES_PER_ELEMENT;
  let rest: Buffer = Buffer.alloc(0);
  return new Writable({
    highWaterMark: 1 << 18,
    write(chunk: Buffer, _encoding, done) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const whole = bytes.length - (bytes.length % frameBytes);
      rest = bytes.subarray(whole);
      take(asFloats(bytes.subarray(0, whole)));
      done();
    },
  });
}

/** The same memory where it lies right: a float array must start at a multiple of four. */
function asFloats(bytes: Buffer): Float32Array {
  const right = bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(right.buffer, right.byteOffset, right.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

function everyPercent(totalMs: number, ctx: StageContext): (doneMs: number) => void {
  let told = 0;
  return (doneMs) => {
    if (doneMs < told + totalMs / 100) return;
    told = doneMs;
    ctx.emit({ type: 'stage-progress', stage: 'extract', done: Math.min(doneMs, totalMs), total: totalMs });
  };
}

function formatOf(stream: SourceStream): { sampleRate: number; channels: number; layout: string } {
  const { sampleRate = 0, channels = 0, layout = 'stereo' } = stream.audio ?? {};
  return { sampleRate: sampleRate || 48_000, channels: channels || 2, layout };
}

/** Nothing that could be speech: under the gate of EBU R128 (-70 LUFS) and no single louder sample. */
const silentBelow = -70;

function refuseSilence(source: Source, stream: SourceStream, loudness: Loudness): void {
  if (loudness.integratedLufs >= silentBelow || loudness.truePeakDbtp >= silentBelow) return;
  const others = source.streams.filter((other) => other.type === 'audio').length > 1;
  const peak = loudness.truePeakDbtp <= -120 ? 'no sound at all' : `a peak of ${loudness.truePeakDbtp} dBTP`;
  throw new DubError(
    'INPUT_NO_SPEECH',
    `The audio of ${source.path} (stream ${stream.index}) is silent all through: ${peak}.`,
    {
      hint: others
        ? 'Another audio track may hold the speech: name it with --audio-track, counted from 0.'
        : 'Check the recording; there is nothing in it to dub.',
    },
  );
}

/** Truncated files decode without an error (ffmpeg exits 0), so the length is compared with what the header claims. */
function warnOfMissingSound(source: Source, stream: SourceStream, decodedMs: number, ctx: StageContext): void {
  const claimedMs = stream.durationMs ?? decodedMs;
  const missingMs = claimedMs - decodedMs;
  if (missingMs <= Math.max(500, claimedMs / 200)) return;
  const message =
    `${basename(source.path)} holds ${formatClock(decodedMs)} of sound where its header says ${formatClock(claimedMs)}: ` +
    'it is cut off or damaged, and the rest is taken for silence.';
  ctx.emit({ type: 'warning', stage: 'extract', message });
}

function undecodable(source: Source, stream: SourceStream): DubError {
  return new DubError(
    'INPUT_UNREADABLE',
    `The audio of ${source.path} (stream ${stream.index}, ${stream.codec}) cannot be decoded.`,
    { hint: 'The file is damaged or encrypted, or this ffmpeg lacks the decoder: does it play?' },
  );
}
