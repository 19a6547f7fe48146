import { SplitFft } from '../../sound/split-fft.js';
import type { ModelPlan, ModelShape } from './model-plan.js';

type SpectrumShape = Extract<ModelShape, { on: 'spectrum' }>;

/** Frequencies at the bottom that MDX-Net models are never shown: under about 20 Hz. */
const hiddenBins = 3;

/**
 * Spectra of one window as MDX-Net takes them: Hann window (periodic), frames centred on every `hop`th sample, the window
 * mirrored at its ends; numbers unscaled, as PyTorch's `stft` gives them.
 */
export class WindowSpectra {
  readonly #shape: SpectrumShape;
  readonly #fft: SplitFft;
  readonly #hann: Float64Array;
  /** What the squares of all frames' windows add up to at each sample. */
  readonly #weight: Float64Array;

  constructor(shape: SpectrumShape) {
    this.#shape = shape;
    this.#fft = new SplitFft(shape.nFft);
    this.#hann = Float64Array.from(
      { length: shape.nFft },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / shape.nFft),
    );
    this.#weight = new Float64Array(shape.samples + shape.nFft);
    for (let frame = 0; frame < shape.frames; frame++) {
      for (let i = 0; i < shape.nFft; i++) this.#weight[frame * shape.hop + i]! += this.#hann[i]! ** 2;
    }
  }

  /** What the model is shown of two channels: [real and imaginary of each][frequency][frame]. */
  forward(pair: readonly Float32Array[]): Float32Array {
    const { bins, frames } = this.#shape;
    const data = new Float32Array(4 * bins * frames);
    for (const [channel, sound] of pair.entries()) {
      this.#eachFrame(sound, (frame, { re, im }) => {
        for (let bin = hiddenBins; bin < bins; bin++) {
          data[(2 * channel * bins + bin) * frames + frame] = re[bin]!;
          data[((2 * channel + 1) * bins + bin) * frames + frame] = im[bin]!;
        }
      });
    }
    return data;
  }

  /** The background of two channels, from what the model gave; what it was not shown stays as it is. */
  background(pair: readonly Float32Array[], given: Float32Array, { gives, compensate }: ModelPlan): Float32Array[] {
    const { bins, frames, nFft, hop, samples } = this.#shape;
    const piece = new Float64Array(nFft);
    return pair.map((sound, channel) => {
      const sum = new Float64Array(samples + nFft);
      this.#eachFrame(sound, (frame, spectrum) => {
        for (const [part, values] of [spectrum.re, spectrum.im].entries()) {
          for (let bin = hiddenBins; bin < bins; bin++) {
            const value = given[((2 * channel + part) * bins + bin) * frames + frame]! * compensate;
            values[bin] = gives === 'background' ? value : values[bin]! - value;
          }
        }
        this.#fft.inverse(spectrum, piece);
        for (let i = 0; i < nFft; i++) sum[frame * hop + i]! += piece[i]! * this.#hann[i]!;
      });
      const from = nFft / 2;
      return Float32Array.from({ length: samples }, (_, i) => sum[from + i]! / Math.max(1e-8, this.#weight[from + i]!));
    });
  }

  #eachFrame(
    sound: Float32Array,
    visit: (frame: number, spectrum: { re: Float64Array; im: Float64Array }) => void,
  ): void {
    const { frames, nFft, hop, samples } = this.#shape;
    const piece = new Float64Array(nFft);
    const spectrum = this.#fft.emptySpectrum();
    for (let frame = 0; frame < frames; frame++) {
      for (let i = 0; i < nFft; i++) {
        const at = frame * hop + i - nFft / 2;
        const mirrored = at < 0 ? -at : at >= samples ? 2 * (samples - 1) - at : at;
        piece[i] = sound[mirrored]! * this.#hann[i]!;
      }
      this.#fft.forward(piece, spectrum);
      visit(frame, spectrum);
    }
  }
}
