/** A sine as interleaved samples: `amplitude` linear, the same in every channel. */
export function tone(options: {
  readonly hz: number;
  readonly seconds: number;
  readonly sampleRate?: number;
  readonly amplitude?: number;
  readonly channels?: number;
}): Float32Array {
  const { hz, seconds, sampleRate = 48_000, amplitude = 0.5, channels = 1 } = options;
  const frames = Math.round(seconds * sampleRate);
  const samples = new Float32Array(frames * channels);
  for (let i = 0; i < frames; i++) {
    samples.fill(amplitude * Math.sin((2 * Math.PI * hz * i) / sampleRate), i * channels, (i + 1) * channels);
  }
  return samples;
}

/** White noise between -amplitude and amplitude, the same for the same seed. */
export function noise(length: number, amplitude = 0.5, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state / 2 ** 31) * amplitude;
  });
}

/** Amplitude of one frequency in mono samples (Goertzel with a Hann window). */
export function amplitudeAt(samples: Float32Array, hz: number, sampleRate = 48_000): number {
  const turn = (2 * Math.PI * hz) / sampleRate;
  let real = 0;
  let imaginary = 0;
  let weights = 0;
  for (let i = 0; i < samples.length; i++) {
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / samples.length);
    real += weight * samples[i]! * Math.cos(turn * i);
    imaginary += weight * samples[i]! * Math.sin(turn * i);
    weights += weight;
  }
  return (2 * Math.hypot(real, imaginary)) / weights;
}

/** One channel of interleaved samples. */
export function channelOf(interleaved: Float32Array, channels: number, channel: number): Float32Array {
  return Float32Array.from(
    { length: Math.floor(interleaved.length / channels) },
    (_, i) => interleaved[i * channels + channel]!,
  );
}

/** Root mean square of samples, decibels of full scale. */
export function rmsDb(samples: Float32Array): number {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  return 10 * Math.log10(sum / samples.length);
}
