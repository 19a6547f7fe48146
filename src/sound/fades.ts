/** Gain of a take's sample between its fades, 0…1: linear up over `fadeIn` samples and down over `fadeOut`. */
export interface Fades {
  readonly length: number;
  readonly fadeIn: number;
  readonly fadeOut: number;
}

/**
 * Adds mono samples to channels of interleaved ones, with a gain and fades.
 * @param into interleaved samples, changed
 * @param channels of `into`, and which of them (indices) get the sound
 * @param frame the frame of `into` that the first sample goes to
 * @param samples a stretch of the take
 * @param from place of `samples[0]` in the take, for the fades
 */
export function addFaded(
  into: Float32Array,
  channels: { readonly count: number; readonly targets: readonly number[] },
  frame: number,
  samples: Float32Array,
  from: number,
  gain: number,
  fades: Fades,
): void {
  const { count, targets } = channels;
  const plainFrom = fades.fadeIn - from;
  const plainTo = fades.length - fades.fadeOut - from;
  for (let i = 0; i < samples.length; i++) {
    const fade = i >= plainFrom && i < plainTo ? 1 : fadeAt(from + i, fades);
    const value = samples[i]! * gain * fade;
    const at = (frame + i) * count;
    for (const target of targets) into[at + target]! += value;
  }
}

/** Gain of the sample at `place` of a faded take. The first and the last sample are not quite silent. */
export function fadeAt(place: number, fades: Fades): number {
  const rising = place < fades.fadeIn ? (place + 1) / (fades.fadeIn + 1) : 1;
  const left = fades.length - place;
  const falling = left <= fades.fadeOut ? Math.max(0, left / (fades.fadeOut + 1)) : 1;
  return Math.min(rising, falling);
}
