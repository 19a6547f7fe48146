import { describe, expect, it } from 'vitest';
import { addFaded, fadeAt } from '../../src/sound/fades.js';
import { gatedLevel, LevelMeter } from '../../src/sound/level.js';
import { tone } from './signals.js';

function speechLevel(samples: Float32Array, sampleRate: number): number {
  const meter = new LevelMeter(sampleRate);
  meter.push(samples);
  return gatedLevel(meter.powers());
}

describe('the level of speech', () => {
  it.each([8000, 16_000, 24_000, 48_000])('of a 997 Hz tone at -20 dBFS is -23 LUFS at %i Hz', (sampleRate) => {
    expect(speechLevel(tone({ hz: 997, seconds: 1, sampleRate, amplitude: 0.1 }), sampleRate)).toBeCloseTo(-23, 1);
  });

  it('leaves pauses out', () => {
    const spoken = tone({ hz: 997, seconds: 1, amplitude: 0.1 });
    const slow = new Float32Array(4 * 48_000);
    slow.set(spoken, 0);
    slow.set(spoken, 3 * 48_000);
    expect(Math.abs(speechLevel(slow, 48_000) - speechLevel(spoken, 48_000))).toBeLessThan(0.3);
  });

  it('exists for a take of 30 ms', () => {
    expect(speechLevel(tone({ hz: 997, seconds: 0.03, amplitude: 0.1 }), 48_000)).toBeGreaterThan(-26);
  });

  it('of silence is -120', () => {
    expect([speechLevel(new Float32Array(48_000), 48_000), gatedLevel(new Float32Array(0))]).toEqual([-120, -120]);
  });

  it('takes 80 bytes a second', () => {
    const meter = new LevelMeter(8000);
    for (let second = 0; second < 60; second++) meter.push(new Float32Array(8000));
    expect(meter.powers().byteLength).toBe(60 * 80);
  });
});

describe('fades', () => {
  it('rise, hold and fall', () => {
    const gains = Array.from({ length: 10 }, (_, place) => fadeAt(place, { length: 10, fadeIn: 3, fadeOut: 1 }));
    expect(gains).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 0.5]);
  });

  it('meet in a take shorter than both', () => {
    const gains = Array.from({ length: 3 }, (_, place) => fadeAt(place, { length: 3, fadeIn: 3, fadeOut: 3 }));
    expect(gains).toEqual([0.25, 0.5, 0.25]);
  });

  it('are the same whether a take is added at once or in pieces', () => {
    const take = tone({ hz: 300, seconds: 0.01 });
    const fades = { length: take.length, fadeIn: 100, fadeOut: 200 };
    const channels = { count: 2, targets: [1] };
    const [whole, pieces] = [new Float32Array(2000), new Float32Array(2000)];
    addFaded(whole, channels, 7, take, 0, 0.5, fades);
    for (let at = 0; at < take.length; at += 37)
      addFaded(pieces, channels, 7 + at, take.subarray(at, at + 37), at, 0.5, fades);
    expect(pieces).toEqual(whole);
    expect(whole.filter((_, i) => i % 2 === 0).some((sample) => sample !== 0)).toBe(false);
  });
});
