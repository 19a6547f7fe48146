import { describe, expect, it } from 'vitest';
import { ListeningTrack } from '../../../src/stages/check/listening-track.js';

const rate = 48_000;

/** Interleaved sound: each channel a steady tone of its own, or silence for 0. */
function tones(frequencies: readonly number[], seconds: number): Float32Array {
  const channels = frequencies.length;
  return Float32Array.from({ length: Math.round(seconds * rate) * channels }, (_, i) =>
    Math.sin((2 * Math.PI * frequencies[i % channels]! * Math.floor(i / channels)) / rate),
  );
}

function listenTo(layout: string, frequencies: readonly number[], offset = 0): ListeningTrack {
  const track = new ListeningTrack({ sampleRate: rate, channels: frequencies.length, layout }, offset);
  const sound = tones(frequencies, 1);
  const half = (rate / 2) * frequencies.length;
  track.push(sound.subarray(0, half));
  track.push(sound.subarray(half));
  track.end();
  return track;
}

function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}

describe('ListeningTrack', () => {
  it('hears the front of surround sound and neither its bass channel nor its rear', () => {
    const voice = loudness(listenTo('5.1', [0, 0, 1000, 0, 0, 0]).slice(0, 8000));
    expect(voice).toBeGreaterThan(0.4);
    expect(loudness(listenTo('5.1', [0, 0, 0, 100, 900, 900]).slice(0, 8000))).toBe(0);
    expect(loudness(listenTo('stereo', [1000, 0]).slice(0, 8000))).toBeCloseTo(voice, 2);
    expect(loudness(listenTo('mono', [1000]).slice(0, 8000))).toBeCloseTo(voice, 2);
  });

  it('hears every channel of a layout that nobody knows', () => {
    const channels = Array.from({ length: 12 }, (_, index) => (index === 11 ? 1000 : 0));
    expect(loudness(listenTo('12c', channels).slice(0, 8000))).toBeGreaterThan(0.4);
  });

  it('is silent before its start and after its end', () => {
    const track = listenTo('mono', [1000], 400.25);
    expect(track.heardUntil).toBe(8400);
    expect(track.fraction).toBe(0.25);
    expect(loudness(track.slice(-100, 400))).toBe(0);
    expect(loudness(track.slice(400, 8400))).toBeGreaterThan(0.4);
    expect(loudness(track.slice(8400, 9000))).toBe(0);
    expect(track.slice(8000, 9000)).toHaveLength(1000);
  });

  it('cuts what is heard before the programme starts', () => {
    const track = listenTo('mono', [1000], -800);
    expect(track.heardUntil).toBe(7200);
    expect(loudness(track.slice(0, 7200))).toBeGreaterThan(0.4);
  });

  it('gives the same samples after it has forgotten earlier ones', () => {
    const track = new ListeningTrack({ sampleRate: rate, channels: 1, layout: 'mono' }, 0);
    for (let second = 0; second < 30; second++) track.push(tones([1000 + second], 1));
    const before = track.slice(200_000, 201_000);
    track.forgetBefore(190_000);
    expect(track.slice(200_000, 201_000)).toEqual(before);
    expect(loudness(track.slice(100_000, 101_000))).toBe(0);
  });
});
