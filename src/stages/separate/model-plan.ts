import { basename } from 'node:path';
import type { SeparatorModel } from '../../domain/separator.js';
import { DubError } from '../../errors.js';
import { isSplitSize } from '../../sound/split-fft.js';
import type { OnnxFile, OnnxTensor } from './onnx-file.js';

/** How a model is used. */
export interface ModelPlan {
  readonly input: string;
  /** The output that is used, and which of the sounds stacked in it. */
  readonly output: string;
  readonly index: number;
  /** How many sounds are stacked in that output. */
  readonly count: number;
  readonly gives: 'vocals' | 'background';
  /** Gain of what it gives. */
  readonly compensate: number;
  readonly shape: ModelShape;
}

/** What a model works on: samples, or spectra (real and imaginary parts of left and right, one frame each `hop`). */
export type ModelShape =
  | { readonly on: 'waveform'; readonly channels: 1 | 2; readonly samples: number }
  | {
      readonly on: 'spectrum';
      readonly bins: number;
      readonly frames: number;
      readonly nFft: number;
      readonly hop: number;
      readonly samples: number;
    };

/** Hop of MDX-Net, samples: https://github.com/kuielab/mdx-net. */
const mdxHop = 1024;
/** Frames of UVR's models, where a model leaves it open. */
const usualFrames = 256;
/** Ten seconds at 44.1 kHz, for models that take any length. */
const usualSamples = 441_000;
/** What a waveform model takes at least: a tenth of a second. */
const leastSamples = 4410;
const float32 = 1;

/**
 * How a model is used, from its shapes, its names and what its user says.
 * @throws CONFIG_INVALID naming the shape, or the ways to say what could not be told
 */
export function planModel(file: OnnxFile, model: SeparatorModel): ModelPlan {
  const [input, ...others] = file.inputs;
  if (input === undefined || others.length > 0) throw unfit(file, 'it takes more than one thing');
  const { dims } = input;
  const open = dims[0] === undefined || dims[0] === 1;
  const onSpectrum = dims.length === 4 && dims[1] === 4;
  const onWaveform = dims.length === 3 && (dims[1] === 1 || dims[1] === 2);
  if (!open || !(onSpectrum || onWaveform)) throw unfit(file, 'that is neither samples nor spectra');
  if (input.type !== float32) throw unfit(file, 'its numbers are not 32-bit floats');
  const sound = chooseSound(file, model, dims.length);
  const shape = onSpectrum ? spectrumOf(file, model, dims, sound.gives) : waveformOf(file, dims);
  if (onWaveform && model.nFft !== undefined) throw unfit(file, 'n_fft is for models on spectra');
  const compensate = model.compensate ?? numberOf(file, 'compensate') ?? 1;
  return { input: input.name, ...sound, compensate, shape };
}

function waveformOf(file: OnnxFile, dims: OnnxTensor['dims']): ModelShape {
  const samples = dims[2] ?? usualSamples;
  if (samples < leastSamples) throw unfit(file, `${samples} samples are too short a stretch`);
  return { on: 'waveform', channels: dims[1] as 1 | 2, samples };
}

function spectrumOf(
  file: OnnxFile,
  model: SeparatorModel,
  dims: OnnxTensor['dims'],
  gives: ModelPlan['gives'],
): ModelShape {
  const bins = dims[2];
  if (bins === undefined) throw unfit(file, 'how many frequencies it takes is left open');
  const nFft = model.nFft ?? usualFft(file, bins, gives) ?? numberOf(file, 'n_fft');
  if (nFft === undefined) {
    throw unclear(
      file,
      `how long its Fourier transform of ${bins} frequencies is`,
      '?n_fft=6144 (UVR: 5120, 6144 or 7680)',
    );
  }
  const hop = numberOf(file, 'hop_length') ?? mdxHop;
  const frames = dims[3] ?? usualFrames;
  const samples = hop * (frames - 1);
  // What reaches beyond a window is cut off at both ends: something must be left in between.
  if (!isSplitSize(nFft) || nFft < 2 * bins || nFft < 2 * hop || samples < 3 * nFft) {
    throw unfit(file, `a Fourier transform of ${nFft} samples does not go with that`);
  }
  return { on: 'spectrum', bins, frames, nFft, hop, samples };
}

/**
 * The transform of UVR's models by what they take and give, as UVR's table of models has it
 * (https://github.com/Anjok07/ultimatevocalremovergui, model_data.json). It goes before the file's own note: what is
 * noted in copies of these models is twice their frequencies, whatever they were trained with.
 */
function usualFft({ path }: OnnxFile, bins: number, gives: ModelPlan['gives']): number | undefined {
  const name = basename(path);
  if (!/mdx|kim|uvr/i.test(name)) return undefined;
  if (bins === 2560) return 5120;
  if (bins === 2048) return gives === 'vocals' ? 6144 : 5120;
  if (bins === 3072) return gives === 'background' && /hq/i.test(name) ? 6144 : 7680;
  return undefined;
}

type Sound = Pick<ModelPlan, 'output' | 'index' | 'count' | 'gives'>;

/** A sound that a model gives, with the name it goes by, if any. */
interface Stem extends Omit<Sound, 'gives'> {
  readonly name: string;
}

/** Demucs gives drums, bass, other and vocals, and in its larger form two more: https://github.com/facebookresearch/demucs. */
const demucsVocals = 3;

function chooseSound(file: OnnxFile, model: SeparatorModel, rank: number): Sound {
  const stems = stemsOf(file, rank);
  const take = ({ output, index, count }: Stem, gives: Sound['gives']): Sound => ({ output, index, count, gives });
  if (stems.length === 0) throw unfit(file, 'what it gives has another shape');
  if (model.gives !== undefined) {
    const chosen = stems[model.index ?? (stems.length === 1 ? 0 : -1)];
    if (chosen !== undefined) return take(chosen, model.gives);
    throw unclear(
      file,
      `which of the ${stems.length} sounds it gives is meant`,
      `?${model.gives}=0 to ${stems.length - 1}`,
    );
  }
  for (const role of ['background', 'vocals'] as const) {
    const named = stems.find(({ name }) => roleOf(name) === role);
    if (named !== undefined) return take(named, role);
  }
  const role = roleOf(file.metadata.get('primary_stem') ?? '') ?? roleOfFile(basename(file.path, '.onnx'));
  if (stems.length === 1 && role !== undefined) return take(stems[0]!, role);
  const isDemucs = /demucs/i.test(basename(file.path)) && (stems.length === 4 || stems.length === 6);
  if (isDemucs && stems.every(({ count }) => count === stems.length)) return take(stems[demucsVocals]!, 'vocals');
  const index = stems.length === 1 ? '' : '=0';
  throw unclear(file, 'whether it gives the voices or the background', `?vocals${index} or ?background${index}`);
}

function stemsOf({ outputs, metadata }: OnnxFile, rank: number): Stem[] {
  const stems = outputs.flatMap(({ name, dims }): Stem[] => {
    if (dims.length === rank) return [{ output: name, index: 0, count: 1, name }];
    const count = rank === 3 && dims.length === 4 ? dims[1] : undefined;
    return Array.from({ length: count ?? 0 }, (_, index) => ({ output: name, index, count: count!, name: '' }));
  });
  const written = ['stems', 'sources'].map((key) => metadata.get(key)?.match(/[\w-]+/g)).find((list) => list != null);
  const named = written?.length === stems.length ? written : undefined;
  return stems.map((stem, at) => ({ ...stem, name: named?.[at] ?? stem.name }));
}

function roleOf(name: string): Sound['gives'] | undefined {
  if (/no[\s_-]?(voc|voice|speech)|accompaniment|instr|background|(^|[^a-z])inst([^a-z]|$)/i.test(name))
    return 'background';
  return /vocal|voice|speech|dialog|(^|[^a-z])voc([^a-z]|$)/i.test(name) ? 'vocals' : undefined;
}

/** UVR's models give the voices where their names do not say otherwise; its second one for karaoke does not say so. */
function roleOfFile(name: string): Sound['gives'] | undefined {
  if (/kara_?2/i.test(name)) return 'background';
  return (
    roleOf(name) ?? (/uvr.?mdx/i.test(name) && !/crowd|reverb|echo|noise|drum|bass/i.test(name) ? 'vocals' : undefined)
  );
}

function numberOf({ metadata }: OnnxFile, key: string): number | undefined {
  const value = Number(metadata.get(key));
  return value > 0 ? value : undefined;
}

function unfit(file: OnnxFile, why: string): DubError {
  const list = (tensors: readonly OnnxTensor[]) =>
    tensors.map(({ name, dims }) => `${name} [${dims.map((dim) => dim ?? '?').join(',')}]`).join(' and ');
  return new DubError(
    'CONFIG_INVALID',
    `The model ${basename(file.path)} takes ${list(file.inputs)} and gives ${list(file.outputs)}: ${why}.`,
    {
      hint: 'Models on samples take [1,2,N] and give [1,2,N] or [1,S,2,N]; those on spectra (MDX-Net) take and give [1,4,F,T].',
    },
  );
}

function unclear(file: OnnxFile, what: string, way: string): DubError {
  return new DubError('CONFIG_INVALID', `The model ${basename(file.path)} does not say ${what}.`, {
    hint: `Say it behind its name: --separator '${file.path}${way}'.`,
  });
}
