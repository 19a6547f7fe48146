import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dub, Verdict } from '../../../src/domain/dub.js';
import { probeFile } from '../../../src/media/probe.js';
import { type CheckOptions, check } from '../../../src/stages/check.js';
import { ffmpeg, makeFolder, removeFolder } from '../../support/media.js';
import { allKept, type Film, type MuxFaults, makeDub, makeFilm, type TrackFaults, withTwin } from './handmade.js';

let folder: string;
let film: Film;
/** A dub without a fault, for what happens around it. */
let good: Promise<Dub>;

beforeAll(async () => {
  folder = await makeFolder();
  film = await makeFilm(folder);
  good = makeDub(film, {}, { name: 'good.mkv' });
});

afterAll(() => removeFolder(folder));

let made = 0;

/** Makes a dub with faults and judges it. */
async function judge(
  track: TrackFaults,
  mux: Partial<MuxFaults> = {},
  options: Partial<CheckOptions> = {},
): Promise<Verdict> {
  made++;
  const dub = await makeDub(film, track, { name: `dub-${made}.mkv`, ...mux });
  return check(film.source, film.script, film.takes, film.timeline, dub, { ...film.options, ...options }, film.ctx);
}

function failed(verdict: Verdict): string[] {
  return verdict.gates.filter((gate) => !gate.passed).map((gate) => gate.name);
}

function detail(verdict: Verdict, name: string): string {
  return verdict.gates.find((gate) => gate.name === name)!.detail;
}

const without = (...specifiers: readonly string[]) => ({
  maps: ['0:v', '1:a', '0:a:0', '0:a:1', '0:s', '0:t']
    .filter((map) => !specifiers.includes(map))
    .flatMap((map) => ['-map', map]),
});

/** The film with fewer frames than it had; the rest as it was. */
async function shortPicture(frames: number): Promise<Partial<MuxFaults>> {
  const more = join(folder, `short-${frames}.mkv`);
  await ffmpeg('-i', film.source.path, '-map', '0:v', '-c', 'copy', '-frames:v', String(frames), more);
  return { more, maps: ['2:v', '1:a', '0:a', '0:s', '0:t'].flatMap((map) => ['-map', map]) };
}

describe('check', () => {
  it.concurrent('passes a good dub and finds every line within a millisecond', async () => {
    const verdict = await judge({});
    expect(failed(verdict)).toEqual([]);
    expect(verdict.passed).toBe(true);
    expect(verdict.gates.map((gate) => gate.name)).toEqual([
      ...['lines-present', 'silent-failures', 'onset-error', 'placement-error', 'overlaps', 'tempo', 'tempo-share'],
      ...['outside-speech', 'duration', 'video-stream-hash', 'loudness', 'true-peak', 'streams'],
      ...['leakage', 'bed-level', 'line-level'],
    ]);
    for (const line of verdict.lines) {
      expect(line).toMatchObject({ present: true, fitting: 'stretched', cutMs: undefined, copyMs: undefined });
      expect(Math.abs(line.onsetMs! - line.plannedStartMs)).toBeLessThan(1);
      expect(line.likeness).toBeGreaterThan(0.7);
    }
    expect(verdict.lines.map((line) => line.tempo)).toEqual([1, 1.1, 1, 0.9, 1.08]);
  });

  it.concurrent('hears the lines over an original as loud as they are, in Opus too', async () => {
    const opus = { audioCodec: ['-c:a:0', 'libopus', '-b:a:0', '64k'] };
    expect(
      failed(await judge({ bedDb: 0 }, opus, { targetLufs: -23.7, bed: { bed: 'keep', duckDb: -20, gainDb: 0 } })),
    ).toEqual([]);
  });

  it.concurrent('hears a line that starts 150 ms late', async () => {
    const verdict = await judge({ shiftMs: { u0002: 150 } });
    expect(failed(verdict)).toEqual(['onset-error', 'placement-error']);
    expect(detail(verdict, 'placement-error')).toBe('Not where the plan has them: u0002 by 150 ms.');
  });

  it.concurrent('hears that lines are missing, a short one too, and accepts those listed as failed', async () => {
    const failure = { utteranceId: 'u0001', stage: 'synthesize', code: 'PROVIDER_REFUSED', message: 'no' } as const;
    const verdict = await judge({ omit: ['u0001', 'u0003', 'u0004'] }, {}, { lineFailures: [failure] });
    expect(failed(verdict)).toEqual(['lines-present', 'silent-failures']);
    expect(detail(verdict, 'lines-present')).toBe('2 of 4 lines heard; not heard: u0003, u0004.');
    expect(detail(verdict, 'silent-failures')).toBe(
      'Neither heard nor listed as failed: u0003, u0004. 1 failure told.',
    );
    expect(verdict.lines[3]!.present).toBe(false);
    expect(verdict.lines[3]!.onsetMs).toBeUndefined();
    expect(verdict.lines[3]!.likeness).toBeLessThan(0.25);
  });

  it.concurrent('hears a line twice, beside itself or over itself, and measures a dub 6 dB too soft', async () => {
    const verdict = await judge({ againMs: { u0003: 900, u0005: 130 }, gainDb: -6 });
    expect(failed(verdict)).toEqual(['lines-present', 'loudness']);
    expect(detail(verdict, 'lines-present')).toBe('5 of 5 lines heard; heard twice: u0003, u0005.');
    expect(verdict.lines[2]!.copyMs).toBeCloseTo(verdict.lines[2]!.plannedStartMs + 900, -1);
    expect(verdict.gates.find((gate) => gate.name === 'loudness')!.value).toBeLessThan(film.options.targetLufs - 5);
  });

  it.concurrent('hears the original beside the lines', async () => {
    const verdict = await judge({ bedDb: -6 }, {}, { targetLufs: -24 });
    expect(failed(verdict).filter((name) => name !== 'loudness')).toEqual(['leakage']);
    expect(detail(verdict, 'leakage')).toMatch(/^The original is heard under u0001 \(-[567]\.?\d* dB\), u0002 /);
    expect(verdict.lines[1]!.leakageDb).toBeCloseTo(-6, 0);
  });

  it.concurrent('hears a line that is softer than the others of its speaker', async () => {
    const verdict = await judge({ lineDb: { u0002: -12 } }, {}, { targetLufs: -22.5 });
    expect(failed(verdict).filter((name) => name !== 'loudness')).toEqual(['line-level']);
    expect(detail(verdict, 'line-level')).toMatch(/^Lines stand out from their speaker's others: u0002 by -\d/);
  });

  it.concurrent('hears that lines were resampled instead of stretched, or left as they were', async () => {
    const verdict = await judge({ resample: ['u0002', 'u0004'], unfitted: ['u0005'] });
    expect(failed(verdict)).toEqual(['tempo']);
    expect(verdict.lines.map((line) => line.fitting)).toEqual([
      ...['stretched', 'resampled', 'stretched', 'resampled', 'unfitted'],
    ]);
    expect(detail(verdict, 'tempo')).toContain('u0002 (1.1×), u0004 (0.9×)');
  });

  it.concurrent('tells two lines with the same words apart, and misses the one that is missing', async () => {
    const twins = withTwin(film, 'u0003', 'u0006', 5400);
    const judgeTwins = async (faults: TrackFaults, name: string) => {
      const dub = await makeDub(twins, faults, { name });
      return check(twins.source, twins.script, twins.takes, twins.timeline, dub, twins.options, twins.ctx);
    };
    expect(failed(await judgeTwins({}, 'twins.mkv'))).toEqual([]);
    const verdict = await judgeTwins({ omit: ['u0006'] }, 'one-twin.mkv');
    expect(failed(verdict)).toEqual(['lines-present', 'silent-failures']);
    expect(detail(verdict, 'lines-present')).toBe('5 of 6 lines heard; not heard: u0006.');
  });

  it.concurrent('hears that a line was cut short, measures a peak, and misses dropped chapters', async () => {
    const verdict = await judge({ cutMs: { u0004: 500 }, click: true }, { options: ['-map_chapters', '-1'] });
    expect(failed(verdict)).toEqual(['lines-present', 'true-peak', 'streams']);
    expect(verdict.lines[3]!.cutMs).toBeGreaterThan(480);
    expect(verdict.lines[3]!.cutMs).toBeLessThan(560);
    expect(detail(verdict, 'streams')).toBe('2 chapters of 2 missing.');
  });

  it.concurrent('hears two lines of one speaker at once, and sees a picture encoded again', async () => {
    const again = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '30'];
    const verdict = await judge({ shiftMs: { u0004: -900 } }, { options: again });
    expect(failed(verdict)).toEqual([
      ...['onset-error', 'placement-error', 'overlaps', 'outside-speech', 'video-stream-hash'],
    ]);
    expect(detail(verdict, 'overlaps')).toMatch(/^Lines speak at once that did not in the source: u0003 and u0004/);
  });

  it.concurrent('notices a dub track one frame short, and dropped streams', async () => {
    const verdict = await judge({ longerMs: -40 }, without('0:a:1', '0:s', '0:t'));
    expect(failed(verdict)).toEqual(['duration', 'streams']);
    expect(detail(verdict, 'duration')).toMatch(/^The dub track is \d\d ms too short\.$/);
    expect(detail(verdict, 'streams')).toBe(
      'audio stream 2 (pcm_s16le, fr) is missing; subtitle stream 3 (subrip, en) is missing; attachment stream 4 (unknown) is missing.',
    );
  });

  it.concurrent('notices a picture three frames short, and a sound track encoded again', async () => {
    const verdict = await judge({}, { ...(await shortPicture(347)), options: ['-c:a:2', 'aac'] });
    expect(failed(verdict)).toEqual(['duration', 'video-stream-hash', 'streams']);
    expect(detail(verdict, 'duration')).toMatch(/^The picture is 1\d\d ms too short\.$/);
  });

  it.concurrent('notices a picture one frame short, and that a player would not pick the dub', async () => {
    const options = ['-disposition:a:0', '0', '-disposition:a:1', 'default'];
    const verdict = await judge({}, { ...(await shortPicture(349)), options });
    expect(failed(verdict)).toEqual(['video-stream-hash', 'streams']);
    expect(detail(verdict, 'streams')).toBe(
      'the dub is not the default sound track; another sound track than the dub is marked as default.',
    );
  });

  it.concurrent('judges a file without sound', async () => {
    const verdict = await judge({}, { maps: ['-map', '0:v', '-map', '0:s', '-map', '0:t'], audioCodec: [] });
    expect(failed(verdict)).toEqual(['lines-present', 'silent-failures', 'duration', 'loudness', 'streams']);
    expect(detail(verdict, 'streams')).toContain('there is no sound');
  });

  it.concurrent('says when the input is no longer there to compare with', async () => {
    const source = { ...film.source, path: join(folder, 'moved.mkv') };
    const verdict = await check(source, film.script, film.takes, film.timeline, await good, film.options, film.ctx);
    expect(failed(verdict)).toEqual(['video-stream-hash']);
    expect(detail(verdict, 'video-stream-hash')).toBe(
      `The input is no longer at ${source.path}, so the picture cannot be compared.`,
    );
  });

  it.concurrent('compares the picture of a transport stream with that of the MP4 made from it', async () => {
    const path = join(folder, 'film.ts');
    await ffmpeg('-i', film.source.path, '-map', '0:v', '-map', '0:a:0', '-c:v', 'copy', '-c:a', 'aac', path);
    const source = await probeFile(path, film.ctx.tools, film.ctx.signal);
    const maps = ['-map', '2:v', '-map', '1:a', '-map', '2:a'];
    const dub = await makeDub(film, {}, { name: 'from-ts.mp4', more: path, maps, options: ['-map_chapters', '-1'] });
    const tagged = { ...dub, streams: allKept(source) };
    const verdict = await check(source, film.script, film.takes, film.timeline, tagged, film.options, film.ctx);
    expect(detail(verdict, 'video-stream-hash')).toBe('1 video stream unchanged to the last bit.');
    expect(detail(verdict, 'streams')).toBe('2 streams and no chapter of the input accounted for.');
  });

  it.concurrent('throws when the output is gone', async () => {
    const gone = { ...(await good), path: join(folder, 'gone.mkv') };
    const verdict = check(film.source, film.script, film.takes, film.timeline, gone, film.options, film.ctx);
    await expect(verdict).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });

  it.concurrent('stops in the middle when it is told to', async () => {
    const controller = new AbortController();
    const ctx = { ...film.ctx, signal: controller.signal, emit: () => controller.abort() };
    const verdict = check(film.source, film.script, film.takes, film.timeline, await good, film.options, ctx);
    await expect(verdict).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.concurrent('fails when a take is gone instead of calling its line missing', async () => {
    const takes = film.takes.takes.map((take) => ({ ...take, path: `${take.path}.gone` }));
    const given = { takes, failures: [] };
    const verdict = check(film.source, film.script, given, film.timeline, await good, film.options, film.ctx);
    await expect(verdict).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});
