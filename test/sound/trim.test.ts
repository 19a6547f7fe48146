import { describe, expect, it } from 'vitest';
import { findSound } from '../../src/sound/trim.js';
import { noise, tone } from './signals.js';

const rate = 24_000;
const ms = (milliseconds: number) => Math.round((milliseconds * rate) / 1000);

/** A second of silence and noise at `floor`, with parts laid over it at given milliseconds. */
function recording(floor: number, ...parts: readonly (readonly [number, Float32Array])[]): Float32Array {
  const samples = noise(ms(1000), floor);
  for (const [at, part] of parts) for (let i = 0; i < part.length; i++) samples[ms(at) + i]! += part[i]!;
  return samples;
}

const voice = (seconds: number, amplitude = 0.4) => tone({ hz: 220, seconds, sampleRate: rate, amplitude });

/** Distance in milliseconds of what is found from what is there. */
function found(samples: Float32Array) {
  const sound = findSound(samples, rate);
  return sound && { start: (sound.startSample / rate) * 1000, end: (sound.endSample / rate) * 1000 };
}

describe('finding the sound of a take', () => {
  it.each([0, 0.0005, 0.004])('finds both ends over noise of %d', (floor) => {
    const sound = found(recording(floor, [300, voice(0.4)]))!;
    expect(sound.start).toBeGreaterThanOrEqual(270);
    expect(sound.start).toBeLessThanOrEqual(300);
    expect(sound.end).toBeGreaterThanOrEqual(700);
    expect(sound.end).toBeLessThanOrEqual(740);
  });

  it('keeps a soft s before the vowel', () => {
    const hiss = noise(ms(100), 0.012).map((sample, i, all) => sample - (all[i - 1] ?? 0));
    expect(found(recording(0.0005, [200, hiss], [300, voice(0.4)]))!.start).toBeLessThanOrEqual(200);
  });

  it('is not taken in by a click before the speech', () => {
    const click = Float32Array.of(0.3, -0.3, 0.2);
    expect(found(recording(0, [50, click], [300, voice(0.4)]))!.start).toBeGreaterThanOrEqual(270);
  });

  it('is not taken in by a constant offset', () => {
    const shifted = recording(0.0002, [300, voice(0.4)]).map((sample) => sample + 0.05);
    expect(found(shifted)!.start).toBeGreaterThanOrEqual(270);
  });

  it('keeps pauses inside', () => {
    const sound = found(recording(0, [100, voice(0.1)], [800, voice(0.1)]))!;
    expect(sound.end - sound.start).toBeGreaterThan(790);
  });

  it('takes a recording cut tight as it is', () => {
    expect(findSound(voice(0.5), rate)).toEqual({ startSample: 0, endSample: ms(500) });
  });

  it('finds quiet speech', () => {
    expect(found(recording(0, [300, voice(0.4, 0.002)]))!.start).toBeLessThanOrEqual(300);
  });

  it.each([
    ['digital silence', new Float32Array(rate)],
    ['dither', noise(rate, 1 / 32_768)],
    ['no samples', new Float32Array(0)],
  ])('finds nothing in %s', (_name, samples) => {
    expect(findSound(samples, rate)).toBeUndefined();
  });
});
