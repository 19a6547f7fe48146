import { describe, expect, it } from 'vitest';
import type { Dub, StreamFate } from '../../../src/domain/dub.js';
import type { Source, SourceStream } from '../../../src/domain/source.js';
import { durationGate, loudnessGate, truePeakGate, videoHashGate } from '../../../src/stages/check/file-gates.js';
import { streamsGate } from '../../../src/stages/check/streams-gate.js';
import { summarise } from '../../../src/stages/check/summary.js';

function stream(index: number, type: SourceStream['type'], more: Partial<SourceStream> = {}): SourceStream {
  return {
    index,
    type,
    codec: 'h264',
    dispositions: [],
    attachedPicture: false,
    startUs: 0,
    durationMs: 10_000,
    ...more,
  };
}

function file(streams: readonly SourceStream[], more: Partial<Source> = {}): Source {
  return {
    path: '/films/film.mkv',
    fingerprint: '',
    format: 'matroska,webm',
    kind: 'video',
    zeroUs: 0,
    durationMs: 10_000,
    frameMs: 40,
    streams,
    chapters: [],
    tags: {},
    ...more,
  };
}

const picture = stream(0, 'video');
const english = stream(1, 'audio', { codec: 'aac', language: 'en' });
const spanish = stream(1, 'audio', { codec: 'aac', language: 'es', dispositions: ['default'] });
const oldSound = stream(2, 'audio', { codec: 'aac', language: 'en' });
const input = file([picture, english]);
const output = file([picture, spanish, oldSound]);

describe('loudnessGate', () => {
  it('allows 1 LU either way', () => {
    const at = (integratedLufs: number) => loudnessGate({ integratedLufs, truePeakDbtp: -3 }, -23);
    expect(at(-22)).toMatchObject({ passed: true, value: -22, unit: 'LUFS' });
    expect(at(-24).passed).toBe(true);
    expect(at(-24.2)).toMatchObject({ passed: false, detail: 'The dub track is -24.2 LUFS, 1.2 LU below its target.' });
    expect(at(-21.8).passed).toBe(false);
  });

  it('does not pass silence as loud enough, unless silence is the target', () => {
    const silence = { integratedLufs: -120, truePeakDbtp: -120 };
    expect(loudnessGate(silence, -23)).toMatchObject({ passed: false });
    expect(loudnessGate(silence, -120)).toMatchObject({ passed: true });
  });
});

describe('truePeakGate', () => {
  it('holds the ceiling it is given', () => {
    const peaks = { integratedLufs: -23, truePeakDbtp: -1.5 };
    expect(truePeakGate(peaks, -1).passed).toBe(true);
    expect(truePeakGate(peaks, -2)).toMatchObject({ passed: false, value: -1.5, limit: '≤ -2' });
  });
});

describe('durationGate', () => {
  const track = { startMs: 0, durationMs: 10_000, sampleRate: 48_000 };
  const lasting = (durationMs: number) => file([{ ...picture, durationMs }], { durationMs });

  it('allows a frame either way', () => {
    expect(durationGate(input, lasting(10_040), track)).toMatchObject({ passed: true, value: 40 });
    expect(durationGate(input, lasting(9960), track).passed).toBe(true);
    expect(durationGate(input, lasting(10_080), track).passed).toBe(false);
    expect(durationGate(input, lasting(9880), track).detail).toBe(
      'The picture is 120 ms too short. The file is 120 ms too short.',
    );
  });

  it('allows the dub track its last codec frame but no missing frame', () => {
    const with_ = (durationMs: number) => durationGate(input, output, { ...track, durationMs });
    expect(with_(10_024).passed).toBe(true);
    expect(with_(9990).passed).toBe(true);
    expect(with_(9960)).toMatchObject({ passed: false, detail: 'The dub track is 40 ms too short.' });
    expect(with_(10_100).passed).toBe(false);
  });

  it('counts a late start as part of the length', () => {
    expect(durationGate(input, output, { startMs: 500, durationMs: 9500, sampleRate: 48_000 }).passed).toBe(true);
  });

  it('does without the length of a picture that the container does not tell', () => {
    const unknown = file([stream(0, 'video', { durationMs: undefined })]);
    expect(durationGate(unknown, unknown, track)).toMatchObject({
      passed: true,
      detail: 'The output lasts as long as the input (file +0 ms, dub track +0 ms).',
    });
  });
});

describe('videoHashGate', () => {
  const hash = (...hashes: readonly string[]) => new Map(hashes.map((one, index) => [index, one]));

  it('passes a file without a picture, cover art included', () => {
    const sound = file([stream(0, 'audio'), stream(1, 'video', { attachedPicture: true })]);
    expect(videoHashGate(sound, sound, new Map(), new Map())).toMatchObject({
      passed: true,
      detail: 'There is no picture to keep.',
    });
  });

  it('compares every picture and refuses new ones', () => {
    const two = file([stream(0, 'video'), stream(1, 'video')]);
    expect(videoHashGate(two, two, hash('a', 'b'), hash('a', 'b')).passed).toBe(true);
    expect(videoHashGate(two, two, hash('a', 'b'), hash('a', 'c'))).toMatchObject({
      passed: false,
      value: 1,
      detail: 'Not the same packets as in the input: video stream 1.',
    });
    const one = file([stream(0, 'video')]);
    expect(videoHashGate(one, two, hash('a'), hash('a', 'b')).detail).toBe(
      '1 video stream in the output came from nowhere.',
    );
    expect(videoHashGate(one, one, hash(), hash()).passed).toBe(false);
  });
});

describe('streamsGate', () => {
  const expected = { language: 'es', keepOriginal: true, originalStreamIndex: 1 };
  const fate = (one: SourceStream, more: Partial<StreamFate> = {}): StreamFate => {
    return { index: one.index, type: one.type, codec: one.codec, fate: 'kept', ...more };
  };
  const fates = [fate(picture), fate(english)];

  function judge(
    before: Source,
    after: Source,
    streams: readonly StreamFate[],
    more: { expected?: typeof expected; hashes?: [string, string]; warnings?: string[] } = {},
  ) {
    const [sound, copy] = more.hashes ?? ['same', 'same'];
    const sourceHashes = new Map([[1, sound]]);
    const outputHashes = new Map([[2, copy]]);
    const dub: Dub = { path: after.path, streams, warnings: more.warnings ?? [] };
    return streamsGate({ source: before, output: after, sourceHashes, outputHashes }, dub, more.expected ?? expected);
  }

  it('passes what is all there', () => {
    expect(judge(input, output, fates)).toMatchObject({
      passed: true,
      detail: '2 streams and no chapter of the input accounted for.',
    });
  });

  it('wants each stream accounted for, each loss explained', () => {
    expect(judge(input, output, [fate(picture)]).detail).toBe('audio stream 1 (aac, en) is not accounted for.');
    const data = stream(2, 'data', { codec: 'tmcd' });
    const before = file([picture, english, data]);
    const left = { fate: 'left-out' } as const;
    expect(judge(before, output, [...fates, fate(data, left)]).detail).toBe(
      'data stream 2 (tmcd) was left out without a reason.',
    );
    expect(
      judge(before, output, [...fates, fate(data, { ...left, note: 'Matroska holds no timecode' })]),
    ).toMatchObject({
      passed: true,
      detail:
        '3 streams and no chapter of the input accounted for (data stream 2 (tmcd) left-out: Matroska holds no timecode).',
    });
  });

  it('finds a converted stream by type and language', () => {
    const text = stream(2, 'subtitle', { codec: 'subrip', language: 'en' });
    const before = file([picture, english, text]);
    const converted = fate(text, { fate: 'converted', note: 'to mov_text' });
    const movText = stream(3, 'subtitle', { codec: 'mov_text', language: 'en' });
    expect(judge(before, file([picture, spanish, oldSound, movText]), [...fates, converted]).passed).toBe(true);
    expect(judge(before, output, [...fates, converted]).detail).toBe('subtitle stream 2 (subrip, en) is missing.');
    const other = { ...movText, language: 'fr' };
    expect(judge(before, file([picture, spanish, oldSound, other]), [...fates, converted]).passed).toBe(false);
    const untold = fate(text, { fate: 'converted' });
    expect(judge(before, file([picture, spanish, oldSound, movText]), [...fates, untold]).detail).toBe(
      'subtitle stream 2 (subrip, en) was converted without a reason.',
    );
  });

  it('does not take the dub for a kept sound track', () => {
    expect(judge(input, file([picture, { ...spanish, language: 'en' }]), fates).detail).toContain(
      'audio stream 1 (aac, en) is missing',
    );
  });

  it('compares the bits of kept sound', () => {
    expect(judge(input, output, fates, { hashes: ['one', 'two'] }).detail).toBe(
      'audio stream 1 (aac, en) is there but not bit for bit; the second sound track is not the original.',
    );
  });

  it('wants the original second only when it is to be kept', () => {
    const alone = file([picture, spanish]);
    const left = [fate(picture), fate(english, { fate: 'left-out', note: '--no-keep-original' })];
    expect(judge(input, alone, left).detail).toBe('the original sound does not follow the dub.');
    expect(judge(input, alone, left, { expected: { ...expected, keepOriginal: false } }).passed).toBe(true);
  });

  it('wants the dub tagged with its language', () => {
    const untagged = file([picture, { ...spanish, language: undefined }, oldSound]);
    expect(judge(input, untagged, fates).detail).toBe('the first sound track is tagged with no language, not es.');
    expect(judge(input, file([picture, { ...spanish, language: 'es-MX' }, oldSound]), fates).passed).toBe(true);
  });

  it('asks nothing of containers that hold one track and no tags', () => {
    const before = file([stream(0, 'audio', { codec: 'mp3' })], { path: '/films/talk.mp3' });
    const after = file([stream(0, 'audio', { codec: 'mp3' })], { path: '/films/talk.es.mp3' });
    const note = 'an MP3 file holds one track';
    const left = [{ index: 0, type: 'audio', codec: 'mp3', fate: 'left-out', note } as const];
    expect(judge(before, after, left).passed).toBe(true);
  });

  it('wants chapters where they were, or their loss declared', () => {
    const chapter = { startMs: 4000, endMs: 10_000, title: 'Two' };
    const before = { ...input, chapters: [{ startMs: 0, endMs: 4000, title: 'One' }, chapter] };
    const after = { ...output, chapters: [chapter] };
    expect(judge(before, after, fates).detail).toBe('1 chapter of 2 missing.');
    expect(judge(before, after, fates, { warnings: ['WAV holds no chapters; 2 are left out.'] }).passed).toBe(true);
    const moved = { ...before, chapters: [{ ...before.chapters[0]!, startMs: 49 }, chapter] };
    expect(judge(before, moved.chapters ? { ...output, chapters: moved.chapters } : output, fates).passed).toBe(true);
  });
});

describe('summarise', () => {
  const passing = {
    name: 'loudness',
    passed: true,
    value: -23.1,
    unit: 'LUFS',
    limit: '',
    detail: '',
    judges: 'file',
  } as const;
  const failing = {
    name: 'tempo-share',
    passed: false,
    value: 80,
    unit: '%',
    limit: '',
    detail: '',
    judges: 'wording',
  } as const;
  const lines = [
    {
      utteranceId: 'u1',
      present: true,
      likeness: 1,
      onsetMs: 0,
      endMs: 9,
      plannedStartMs: 0,
      sourceStartMs: 0,
      tempo: 1,
    },
    { utteranceId: 'u2', present: false, likeness: 0.1, plannedStartMs: 0, sourceStartMs: 0, tempo: 1 },
  ];

  it('says in two lines whether it passed and what was measured', () => {
    expect(summarise({ passed: true, output: 'x', gates: [passing], lines })).toEqual([
      'Verdict: all 1 gates passed, measured on the finished file.',
      '1 of 2 lines heard · -23.1 LUFS',
    ]);
  });

  it('names the gates that failed and those that wording would mend', () => {
    const [first] = summarise({ passed: false, output: 'x', gates: [passing, failing], lines });
    expect(first).toBe('Verdict: 1 of 2 gates failed: tempo-share (wording).');
  });
});
