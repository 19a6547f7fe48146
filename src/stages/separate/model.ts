import { basename } from 'node:path';
import type { SeparatorModel } from '../../domain/separator.js';
import type { Soundtrack } from '../../domain/source.js';
import { formatClock } from '../../domain/time.js';
import { DubError, throwIfAborted } from '../../errors.js';
import { programmeSamples } from '../../media/filters.js';
import { openPcmReader, openPcmWriter } from '../../media/pcm.js';
import { channelNames } from '../../sound/channels.js';
import type { StageContext } from '../context.js';
import { type ModelPlan, type ModelShape, planModel } from './model-plan.js';
import { type OnnxFile, readOnnxFile } from './onnx-file.js';
import type { Places } from './places.js';
import { type LoadedModel, loadModel, requireRuntime } from './runtime.js';
import { WindowSpectra } from './spectra.js';
import { type Cut, passInWindows, type WindowWork } from './windows.js';

/** What models are trained on, Hz. */
const rate = 44_100;
/** Layouts that the kept file can hold. */
const layouts = ['mono', 'stereo', '5.0', '5.0(side)', '5.1', '5.1(side)', '7.1'];
/** A model that takes out less than this share of the power has taken out nothing: -60 dB. */
const leastTaken = 1e-6;

/**
 * Looks at a model before anything is done: that it is there, of a kind that can be used, and that something runs it.
 * @throws ENGINE_MISSING or CONFIG_INVALID
 */
export async function requireModel(model: SeparatorModel): Promise<void> {
  planModel(await readOnnxFile(model.path), model);
  requireRuntime(model.path, model.folder);
}

/**
 * Takes the speech out of the sound with a model, a window at a time: in memory is one window, whatever the length. In
 * surround sound the front pair and the centre are worked on, where films have their speech; the rest stays as it is.
 * @returns the model's name, for messages
 * @throws USAGE for a layout without a front pair; ENGINE_MISSING without a runtime; CONFIG_INVALID for a model of another
 *   kind; PROVIDER_BAD_REPLY for one that fails or takes nothing out; INTERRUPTED
 */
export async function separateByModel(
  soundtrack: Soundtrack,
  file: OnnxFile,
  model: SeparatorModel,
  places: Places,
  ctx: StageContext,
): Promise<string> {
  const { layout, channels, durationMs } = soundtrack;
  const name = basename(model.path);
  const groups = groupsOf(layout, channels);
  const plan = planModel(file, model);
  const loaded = await loadModel(model.path, model.folder, ctx.signal);
  const format = { sampleRate: rate, channels, layout };
  const resample = (to: number) => `aresample=${to}:resampler=soxr`;
  const reader = openPcmReader(
    {
      purpose: 'read the sound for the model',
      input: { from: places.in },
      stream: '0:a:0',
      filter: resample(rate),
      format,
    },
    ctx.tools,
    ctx.signal,
  );
  const options = ['-af', resample(48_000), '-c:a', 'pcm_f32le', '-rf64', 'auto', '-f', 'wav'];
  const output = { options, to: places.background };
  const writer = openPcmWriter({ purpose: 'write the background', format, output }, ctx.tools, ctx.signal);
  const [make, taken] = [makerOf(plan, loaded, name), new TakenOut(name)];
  const work: WindowWork = async (window, first) => {
    throwIfAborted(ctx.signal);
    const pair = window.length === 1 ? [window[0]!, window[0]!] : window;
    const made = await make(pair);
    taken.count(pair, made, first);
    return window.length === 1 ? [mean(made)] : made;
  };
  const frames = programmeSamples(durationMs, rate);
  const report = (done: number) => {
    ctx.emit({
      type: 'stage-progress',
      stage: 'separate',
      done: Math.round((done / frames) * durationMs),
      total: durationMs,
    });
  };
  try {
    await passInWindows({ reader, writer, channels, frames, report }, cutOf(plan), groups, work);
    await writer.finish();
    taken.throwIfNothing();
    return name;
  } finally {
    loaded.close();
    await Promise.all([reader.close(), writer.close()]);
  }
}

/** The channels that a model is given: left and right together, the centre by itself. */
function groupsOf(layout: string, channels: number): number[][] {
  if (!layouts.includes(layout)) {
    throw new DubError('USAGE', `Models take mono, stereo, 5.0, 5.1 and 7.1; the sound to dub is ${layout}.`, {
      hint: 'Leave --bed separate out, or let it fall back with --separator-fallback duck.',
    });
  }
  const names = channelNames(layout, channels);
  return [['FL', 'FR'], ['FC']].map((group) => group.map((name) => names.indexOf(name))).filter(([at]) => at! >= 0);
}

function cutOf({ shape }: ModelPlan): Cut {
  const { samples } = shape;
  if (shape.on === 'waveform') return { samples, edge: Math.floor(samples / 32), fade: Math.floor(samples / 8) };
  // A frame reaches half its length beyond the window's ends.
  const edge = shape.nFft / 2;
  return { samples, edge, fade: Math.floor((samples - 2 * edge) / 8) };
}

type Maker = (pair: readonly Float32Array[]) => Promise<Float32Array[]>;

function makerOf(plan: ModelPlan, loaded: LoadedModel, name: string): Maker {
  const { shape } = plan;
  return shape.on === 'spectrum' ? onSpectra(plan, shape, loaded, name) : onWaveform(plan, shape, loaded, name);
}

type ShapeOn<On> = Extract<ModelShape, { on: On }>;

function onSpectra(plan: ModelPlan, shape: ShapeOn<'spectrum'>, loaded: LoadedModel, name: string): Maker {
  const { bins, frames } = shape;
  const spectra = new WindowSpectra(shape);
  return async (pair) => {
    const { data } = await loaded.run(plan.input, plan.output, spectra.forward(pair), [1, 4, bins, frames]);
    throwIfOther(data, 4 * bins * frames, name);
    return spectra.background(pair, data, plan);
  };
}

function onWaveform(plan: ModelPlan, shape: ShapeOn<'waveform'>, loaded: LoadedModel, name: string): Maker {
  const { channels, samples } = shape;
  const { index, count, gives, compensate } = plan;
  const run = async (sounds: readonly Float32Array[]) => {
    const data = new Float32Array(channels * samples);
    for (const [at, sound] of sounds.entries()) data.set(sound, at * samples);
    const given = await loaded.run(plan.input, plan.output, data, [1, channels, samples]);
    throwIfOther(given.data, count * channels * samples, name);
    return sounds.map((sound, at) => {
      const from = (index * channels + at) * samples;
      const heard = given.data.subarray(from, from + samples);
      return heard.map((value, i) => (gives === 'background' ? value * compensate : sound[i]! - value * compensate));
    });
  };
  if (channels === 2) return run;
  return async ([left, right]) => {
    const [made] = await run([left!]);
    return [made!, left === right ? made! : (await run([right!]))[0]!];
  };
}

function mean([left, right]: readonly Float32Array[]): Float32Array {
  return left!.map((sample, i) => (sample + right![i]!) / 2);
}

function throwIfOther(data: Float32Array, length: number, name: string): void {
  if (data.length === length) return;
  throw bad(name, `gave ${data.length} numbers where ${length} were expected`);
}

function bad(name: string, what: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `The model ${name} ${what}.`, {
    hint: 'Check that it is a model for taking voices out of music, or let the bed be lowered: --separator-fallback duck.',
  });
}

/** What a model took out, all in all. */
class TakenOut {
  #before = 0;
  #difference = 0;

  constructor(readonly name: string) {}

  /** @throws PROVIDER_BAD_REPLY for what is no number */
  count(before: readonly Float32Array[], after: readonly Float32Array[], firstFrame: number): void {
    for (const [channel, sound] of before.entries()) {
      for (let i = 0; i < sound.length; i++) {
        this.#before += sound[i]! ** 2;
        this.#difference += (sound[i]! - after[channel]![i]!) ** 2;
      }
    }
    if (Number.isFinite(this.#difference)) return;
    const at = formatClock(Math.max(0, Math.round((firstFrame * 1000) / rate)));
    throw bad(this.name, `gave what is no number (NaN or infinite) in the window at ${at}`);
  }

  throwIfNothing(): void {
    if (this.#before > 0 && this.#difference < leastTaken * this.#before)
      throw bad(this.name, 'took nothing out of the sound');
  }
}
