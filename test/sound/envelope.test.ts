import { describe, expect, it } from 'vitest';
import type { Span } from '../../src/domain/time.js';
import { DuckEnvelope, type DuckingOptions } from '../../src/sound/envelope.js';

const rate = 1000;

/** Gain in dB for each millisecond of `lengthMs`, asked in blocks. */
function gains(
  spans: readonly Span[],
  lengthMs: number,
  options: DuckingOptions = {},
  block = 64,
  channels = 1,
): number[] {
  const envelope = new DuckEnvelope(spans, rate, options);
  const all: number[] = [];
  for (let first = 0; first < lengthMs; first += block) {
    const samples = new Float32Array(Math.min(block, lengthMs - first) * channels).fill(1);
    envelope.apply(samples, channels, first);
    for (let i = 0; i < samples.length; i += channels) {
      for (let channel = 1; channel < channels; channel++) expect(samples[i + channel]).toBe(samples[i]);
      all.push(20 * Math.log10(samples[i]!));
    }
  }
  return all;
}

const span = (startMs: number, endMs: number) => ({ startMs, endMs });

describe('the duck envelope', () => {
  it('is down when the line starts, up 250 ms after it ends, and 0 dB elsewhere', () => {
    const gain = gains([span(1000, 2000)], 3000);
    for (const at of [0, 500, 880]) expect(gain[at]).toBe(0);
    expect(gain[940]).toBeCloseTo(-10, 1);
    for (const at of [1000, 1500, 1999, 2000]) expect(gain[at]).toBeCloseTo(-20, 4);
    expect(gain[2125]).toBeCloseTo(-10, 1);
    for (const at of [2250, 2600, 2999]) expect(gain[at]).toBe(0);
  });

  it('stays down over gaps under 700 ms and comes up in longer ones', () => {
    const short = gains([span(1000, 2000), span(2699, 3000)], 4000);
    for (let at = 1000; at < 3000; at++) expect(short[at]).toBeCloseTo(-20, 4);
    const long = gains([span(1000, 2000), span(2700, 3000)], 4000);
    expect(long[2300]).toBe(0);
  });

  it('takes spans in any order, overlapping or empty', () => {
    expect(gains([span(2000, 2500), span(1000, 2100), span(3300, 3300)], 4000)).toEqual(
      gains([span(1000, 2500)], 4000),
    );
  });

  it('is down from the first sample when a line starts at 0', () => {
    expect(gains([span(0, 500)], 1000)[0]).toBeCloseTo(-20, 4);
  });

  it('lowers as told', () => {
    const gain = gains([span(1000, 2000)], 3000, { duckDb: -6, downMs: 10, upMs: 20 });
    expect(gain[1500]).toBeCloseTo(-6, 4);
    expect([gain[989], gain[2021]]).toEqual([0, 0]);
  });

  it('does not depend on how it is asked', () => {
    const spans = [span(100, 300), span(1500, 1700), span(2600, 2900)];
    expect(gains(spans, 4000, {}, 1)).toEqual(gains(spans, 4000, {}, 4000));
    expect(gains(spans, 4000, {}, 77, 6)).toEqual(gains(spans, 4000));
  });
});
