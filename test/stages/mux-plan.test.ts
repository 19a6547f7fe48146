import { describe, expect, it } from 'vitest';
import type { Source, SourceStream } from '../../src/domain/source.js';
import { planMux } from '../../src/stages/mux/plan.js';

function stream(
  index: number,
  type: SourceStream['type'],
  codec: string,
  more: Partial<SourceStream> = {},
): SourceStream {
  return { index, type, codec, dispositions: [], attachedPicture: false, startUs: 0, ...more };
}

const opus = { delayUs: 6500, startUs: -500, audio: { sampleRate: 48_000, channels: 1, layout: 'mono' } };

function source(more: Partial<Source>): Source {
  const streams = [stream(0, 'video', 'vp9', { startUs: 7000 }), stream(1, 'audio', 'opus', opus)];
  return {
    path: '/films/talk.webm',
    fingerprint: 'f',
    format: 'matroska,webm',
    kind: 'video',
    zeroUs: -500,
    durationMs: 2000,
    frameMs: 40,
    streams,
    chapters: [],
    tags: {},
    ...more,
  };
}

function plan(from: Source, container: 'webm' | 'matroska' | 'mp4', ffmpeg: string) {
  const dub = stream(0, 'audio', container === 'mp4' ? 'aac' : 'opus', { ...opus, startUs: 0 });
  const files = {
    dubPath: '/films/dub',
    dub,
    besides: (name: string) => `/scratch/${name}`,
    indexFirst: false,
    ffmpeg,
  };
  const options = { container, language: 'es', title: 'Español', dubbedStreamIndex: 1, keepOriginal: true };
  return planMux(from, files, options);
}

describe('planMux', () => {
  it('moves Opus tracks into Matroska only for versions of ffmpeg that let them slide', () => {
    const slides = plan(source({}), 'webm', '5.1.9-0+deb12u1');
    expect(slides.inputs.map((input) => [input.from, input.options])).toEqual([
      ['/films/talk.webm', ['-copyts']],
      ['/films/dub', ['-itsoffset', '0.007000']],
      ['/films/talk.webm', ['-itsoffset', '0.007000']],
    ]);
    expect(slides.options.slice(0, 6)).toEqual(['-map', '0:0', '-map', '1:0', '-map', '2:1']);
    for (const version of ['6.0', '7.1.1', 'n8.0', 'N-109542-g1bf1c1d']) {
      const mended = plan(source({}), 'webm', version);
      expect(mended.inputs.map((input) => input.options)).toEqual([['-copyts'], []]);
    }
  });

  it('puts the programme’s start at zero, by whole milliseconds where Matroska counts', () => {
    const late = source({ zeroUs: 1_000_400 });
    expect(plan(late, 'matroska', '7.0').inputs[0]?.options).toEqual(['-copyts', '-itsoffset', '-1.000000']);
    const mp4 = { ...late, format: 'mov,mp4,m4a,3gp,3g2,mj2' };
    expect(plan(mp4, 'mp4', '7.0').inputs[0]?.options).toEqual(['-copyts', '-itsoffset', '-1.000400']);
  });

  it('lets ffmpeg mend the jumps of transport streams, and counts from the streams in use', () => {
    const streams = [
      stream(0, 'video', 'h264', { startUs: 10_000_000 }),
      stream(1, 'audio', 'aac', { startUs: 10_400_000 }),
      stream(2, 'subtitle', 'dvb_subtitle', { startUs: 9_500_000 }),
    ];
    const recording = source({ format: 'mpegts', zeroUs: 10_000_000, streams });
    expect(plan(recording, 'matroska', '5.1').inputs[0]?.options).toEqual(['-itsoffset', '-0.500000']);
  });

  it('says nothing of streams it keeps and accounts for all', () => {
    const { fates, warnings } = plan(source({}), 'matroska', '5.1');
    expect(fates).toEqual([
      { index: 0, type: 'video', codec: 'vp9', fate: 'kept' },
      { index: 1, type: 'audio', codec: 'opus', fate: 'kept' },
    ]);
    expect(warnings).toEqual([]);
  });
});
