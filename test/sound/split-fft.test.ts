import { expect, it } from 'vitest';
import { SplitFft } from '../../src/sound/split-fft.js';

it.each([48, 96, 120, 160, 256])('of %i points gives the spectrum as it is defined, and the signal back', (size) => {
  const signal = Float64Array.from({ length: size }, (_, i) => Math.sin(i * i * 0.37) + 0.2);
  const fft = new SplitFft(size);
  const spectrum = fft.emptySpectrum();
  fft.forward(signal, spectrum);
  for (let k = 0; k < fft.bins; k++) {
    const [re, im] = [Math.cos, (angle: number) => -Math.sin(angle)].map((turn) =>
      signal.reduce((sum, value, i) => sum + value * turn((2 * Math.PI * k * i) / size), 0),
    );
    expect(Math.hypot(spectrum.re[k]! - re!, spectrum.im[k]! - im!)).toBeLessThan(1e-9);
  }
  const back = new Float64Array(size);
  fft.inverse(spectrum, back);
  for (let i = 0; i < size; i++) expect(Math.abs(back[i]! - signal[i]!)).toBeLessThan(1e-12);
});

it.each([17 * 64, 12, 6145])('of %i points is refused', (size) => {
  expect(() => new SplitFft(size)).toThrow(RangeError);
});
