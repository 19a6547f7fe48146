import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { medianPitch, trackPitch } from '../../src/sound/pitch.js';
import { readWav } from '../../src/sound/wav.js';

/** A buzz with all its harmonics falling off, as vocal folds make it. */
function buzz(hz: number, seconds: number, rate: number): Float32Array {
  return Float32Array.from({ length: seconds * rate }, (_, i) => {
    let sum = 0;
    for (let n = 1; n * hz < rate / 2 && n <= 12; n++) sum += Math.sin((2 * Math.PI * n * hz * i) / rate) / n;
    return 0.2 * sum;
  });
}

function spoken(voice: string, text: string) {
  const wav = readWav(execFileSync('espeak-ng', ['-v', voice, '--stdout', text]))!;
  return medianPitch(trackPitch(wav.samples, wav.sampleRate))!;
}

describe('trackPitch', () => {
  it.each([70, 100, 147, 200, 260, 380])('finds a voice of %i Hz within one per cent', (hz) => {
    const found = medianPitch(trackPitch(buzz(hz, 1, 24_000), 24_000))!;
    expect(Math.abs(found / hz - 1)).toBeLessThan(0.01);
  });

  it('takes no octave for the pitch when the fundamental itself is missing', () => {
    const whole = buzz(110, 1, 16_000);
    const without = whole.map((sample, i) => sample - 0.2 * Math.sin((2 * Math.PI * 110 * i) / 16_000));
    expect(medianPitch(trackPitch(without, 16_000))).toBeCloseTo(110, 0);
  });

  it('finds nothing in silence, noise and stretches too short to tell', () => {
    let seed = 1;
    const noise = Float32Array.from({ length: 16_000 }, () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 1_073_741_824 - 1;
    });
    expect(medianPitch(trackPitch(noise, 16_000))).toBeUndefined();
    expect(medianPitch(trackPitch(new Float32Array(16_000), 16_000))).toBeUndefined();
    expect(medianPitch(trackPitch(buzz(120, 0.1, 16_000), 16_000))).toBeUndefined();
    expect(trackPitch(new Float32Array(3), 16_000)).toEqual([]);
  });

  it('tells men from women when espeak-ng speaks', () => {
    const text = 'We were away a year ago, and nobody knew where the money had gone.';
    expect(spoken('en', text)).toBeLessThan(155);
    expect(spoken('en+m3', text)).toBeLessThan(155);
    expect(spoken('en+f2', text)).toBeGreaterThan(165);
    expect(spoken('en+f4', text)).toBeGreaterThan(165);
  });
});
