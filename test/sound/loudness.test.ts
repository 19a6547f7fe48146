import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { integratedLoudness, LoudnessMeter } from '../../src/sound/loudness.js';
import { noise, tone } from './signals.js';

const stereo = { sampleRate: 48_000, channels: 2, layout: 'stereo' };

function measure(
  samples: Float32Array,
  format: { sampleRate: number; channels: number; layout: string },
  block = 8192,
) {
  const meter = new LoudnessMeter(format);
  for (let at = 0; at < samples.length; at += block * format.channels) {
    meter.push(samples.subarray(at, at + block * format.channels));
  }
  return meter.result();
}

/** What ffmpeg's ebur128 says of the same samples. */
async function askFfmpeg(samples: Float32Array, format: { sampleRate: number; channels: number; layout: string }) {
  const input = ['-f', 'f32le', '-ar', `${format.sampleRate}`, '-ac', `${format.channels}`];
  const layout = ['-channel_layout', format.layout];
  const child = spawn(
    'ffmpeg',
    ['-hide_banner', ...input, ...layout, '-i', 'pipe:0', '-af', 'ebur128=peak=true', '-f', 'null', '-'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdin.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  await new Promise((resolve) => child.on('close', resolve));
  const summary = said.slice(said.lastIndexOf('Summary:'));
  return {
    integratedLufs: Number(/I:\s+(\S+) LUFS/.exec(summary)?.[1]),
    truePeakDbtp: Number(/Peak:\s+(\S+) dBFS/.exec(summary)?.[1]),
  };
}

function joined(...parts: Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const at = (dbfs: number, seconds: number, hz = 997) =>
  tone({ hz, seconds, amplitude: 10 ** (dbfs / 20), channels: 2 });

describe('loudness of the EBU Tech 3341 signals', () => {
  it.each([
    ['1: -23 dBFS', [at(-23, 20)], -23],
    ['2: -33 dBFS', [at(-33, 20)], -33],
    ['3: quiet, loud, quiet: the relative gate leaves out the quiet', [at(-36, 10), at(-23, 60), at(-36, 10)], -23],
    ['4: below the absolute gate at both ends', [at(-72, 10), at(-36, 10), at(-23, 60), at(-36, 10), at(-72, 10)], -23],
    ['5: three levels inside the gate', [at(-26, 20), at(-20, 20.1), at(-26, 20)], -23],
  ])('%s', (_name, parts, expected) => {
    const { integratedLufs } = measure(joined(...parts), stereo);
    expect(Math.abs(integratedLufs - expected)).toBeLessThanOrEqual(0.1);
  });

  it.each([8000, 16_000, 22_050, 44_100, 96_000])(
    'reads 0 dBFS at 997 Hz in one channel as -3 LUFS at %i Hz',
    (sampleRate) => {
      const { integratedLufs } = measure(tone({ hz: 997, seconds: 2, sampleRate, amplitude: 1 }), {
        sampleRate,
        channels: 1,
        layout: 'mono',
      });
      expect(integratedLufs).toBeCloseTo(-3.01, 1);
    },
  );
});

describe('loudness against ffmpeg', () => {
  it.each([
    ['mono', 1, 48_000],
    ['stereo', 2, 44_100],
    ['2.1', 3, 48_000],
    ['quad', 4, 48_000],
    ['5.1', 6, 48_000],
    ['5.1(side)', 6, 48_000],
    ['7.1', 8, 48_000],
  ])('agrees within 0.1 LU and 0.1 dB for %s', async (layout, channels, sampleRate) => {
    const format = { layout, channels, sampleRate };
    const frames = 3 * sampleRate;
    const loud = noise(frames * channels, 0.6, channels);
    for (let i = 0; i < loud.length; i++)
      loud[i]! *= Math.floor(i / channels / sampleRate) === 1 ? 0.1 : 1 / (1 + (i % channels));
    const [ours, theirs] = [measure(loud, format), await askFfmpeg(loud, format)];
    expect(Math.abs(ours.integratedLufs - theirs.integratedLufs)).toBeLessThanOrEqual(0.1);
    expect(Math.abs(ours.truePeakDbtp - theirs.truePeakDbtp)).toBeLessThanOrEqual(0.1);
  });
});

describe('true peak', () => {
  it('sees the peak between the samples of a quarter-rate sine', () => {
    const samples = Float32Array.from({ length: 48_000 }, (_, i) => 0.5 * Math.sin((Math.PI / 2) * i + Math.PI / 4));
    const faded = samples.map((sample, i) => sample * Math.min(1, i / 4800, (48_000 - i) / 4800));
    const { truePeakDbtp } = measure(faded, { sampleRate: 48_000, channels: 1, layout: 'mono' });
    expect(truePeakDbtp).toBeCloseTo(-6.02, 1);
  });

  it('sees a peak in the very last sample', () => {
    const samples = new Float32Array(1000);
    samples[999] = 0.5;
    expect(measure(samples, { sampleRate: 48_000, channels: 1, layout: 'mono' }).truePeakDbtp).toBeCloseTo(-6.02, 2);
  });
});

describe('the meter', () => {
  it('gives the same result however the samples are cut', () => {
    const samples = noise(2 * 48_000 * 2, 0.4);
    expect(measure(samples, stereo, 333)).toEqual(measure(samples, stereo, 48_000));
  });

  it('writes digital silence as -120', () => {
    expect(measure(new Float32Array(96_000), stereo)).toEqual({ integratedLufs: -120, truePeakDbtp: -120 });
  });

  it('has no loudness for less than 400 ms, but a peak', () => {
    const short = measure(at(-20, 0.39), stereo);
    expect(short.integratedLufs).toBe(-120);
    expect(short.truePeakDbtp).toBeGreaterThan(-20.01);
  });

  it('leaves the LFE out', () => {
    const samples = new Float32Array(48_000 * 6);
    const bass = tone({ hz: 60, seconds: 1 });
    for (let i = 0; i < bass.length; i++) samples[i * 6 + 3] = bass[i]!;
    expect(measure(samples, { sampleRate: 48_000, channels: 6, layout: '5.1' }).integratedLufs).toBe(-120);
  });

  it('counts every channel alike when the layout is unknown', () => {
    const mono = measure(
      at(-20, 1).filter((_, i) => i % 2 === 0),
      { sampleRate: 48_000, channels: 1, layout: 'mono' },
    );
    const nine = measure(tone({ hz: 997, seconds: 1, amplitude: 0.1, channels: 9 }), {
      sampleRate: 48_000,
      channels: 9,
      layout: '9c',
    });
    expect(nine.integratedLufs - mono.integratedLufs).toBeCloseTo(10 * Math.log10(9), 1);
  });

  it('takes 4 bytes for each 100 ms and no more', () => {
    const meter = new LoudnessMeter({ sampleRate: 8000, channels: 1, layout: 'mono' });
    for (let second = 0; second < 200; second++) meter.push(tone({ hz: 997, seconds: 1, sampleRate: 8000 }));
    expect(meter.steps().byteLength).toBe(200 * 10 * 4);
    expect(integratedLoudness(meter.steps())).toBe(meter.result().integratedLufs);
  });
});
