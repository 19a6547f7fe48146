import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/domain/dub.js';
import { type CheckOptions, check } from '../../../src/stages/check.js';
import { ffmpeg, makeFolder, removeFolder } from '../../support/media.js';
import { type Film, type MuxFaults, makeDub, makeFilm, type TrackFaults } from './handmade.js';

let folder: string;
let film: Film;

beforeAll(async () => {
  folder = await makeFolder();
  film = await makeFilm(folder);
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

describe('check', () => {
  it.concurrent('passes a good dub and finds every line within a millisecond', async () => {
    const verdict = await judge({});
    expect(failed(verdict)).toEqual([]);
    expect(verdict.passed).toBe(true);
    expect(verdict.gates.map((gate) => gate.name)).toEqual([
      ...['lines-present', 'silent-failures', 'onset-error', 'placement-error', 'overlaps', 'tempo', 'tempo-share'],
      ...['outside-speech', 'duration', 'video-stream-hash', 'loudness', 'true-peak', 'streams'],
    ]);
    for (const line of verdict.lines) {
      expect(line).toMatchObject({ present: true, fitting: 'stretched', cutMs: undefined, copyMs: undefined });
      expect(Math.abs(line.onsetMs! - line.plannedStartMs)).toBeLessThan(1);
      expect(line.likeness).toBeGreaterThan(0.7);
    }
    expect(verdict.lines.map((line) => line.tempo)).toEqual([1, 1.1, 1, 0.9, 1.08]);
  });

  it.concurrent('hears a line that starts 150 ms late', async () => {
    const verdict = await judge({ shiftMs: { u0002: 150 } });
    expect(failed(verdict)).toEqual(['onset-error', 'placement-error']);
    expect(detail(verdict, 'placement-error')).toBe('Not where the plan has them: u0002 by 150 ms.');
  });

  it.concurrent('hears that a line is missing, a short one too', async () => {
    const verdict = await judge({ omit: ['u0003', 'u0004'] });
    expect(failed(verdict)).toEqual(['lines-present', 'silent-failures']);
    expect(detail(verdict, 'lines-present')).toBe('3 of 5 lines heard; not heard: u0003, u0004.');
    expect(verdict.lines[3]!.present).toBe(false);
    expect(verdict.lines[3]!.onsetMs).toBeUndefined();
    expect(verdict.lines[3]!.likeness).toBeLessThan(0.25);
  });

  it.concurrent('accepts a line that is not voiced when it is listed as failed', async () => {
    const failure = { utteranceId: 'u0004', stage: 'synthesize', code: 'PROVIDER_REFUSED', message: 'no' } as const;
    const verdict = await judge({ omit: ['u0004'] }, {}, { lineFailures: [failure] });
    expect(failed(verdict)).toEqual([]);
    expect(detail(verdict, 'silent-failures')).toBe('Every line is heard or listed as failed. 1 failure told.');
  });

  it.concurrent('hears a line twice, beside itself or right over itself', async () => {
    const verdict = await judge({ againMs: { u0003: 900, u0005: 130 } });
    expect(failed(verdict)).toEqual(['lines-present']);
    expect(detail(verdict, 'lines-present')).toBe('5 of 5 lines heard; heard twice: u0003, u0005.');
    expect(verdict.lines[2]!.copyMs).toBeCloseTo(verdict.lines[2]!.plannedStartMs + 900, -1);
  });

  it.concurrent('hears that lines were resampled instead of stretched, or left as they were', async () => {
    const verdict = await judge({ resample: ['u0002', 'u0004'], unfitted: ['u0005'] });
    expect(failed(verdict)).toEqual(['tempo']);
    expect(verdict.lines.map((line) => line.fitting)).toEqual([
      ...['stretched', 'resampled', 'stretched', 'resampled', 'unfitted'],
    ]);
    expect(detail(verdict, 'tempo')).toContain('u0002 (1.1×), u0004 (0.9×)');
  });

  it.concurrent('hears that a line was cut short', async () => {
    const verdict = await judge({ cutMs: { u0004: 500 } });
    expect(failed(verdict)).toEqual(['lines-present']);
    expect(verdict.lines[3]!.cutMs).toBeGreaterThan(480);
    expect(verdict.lines[3]!.cutMs).toBeLessThan(560);
  });

  it.concurrent('hears two lines of one speaker at once', async () => {
    const verdict = await judge({ shiftMs: { u0004: -900 } });
    expect(failed(verdict)).toEqual(['onset-error', 'placement-error', 'overlaps', 'outside-speech']);
    expect(detail(verdict, 'overlaps')).toMatch(/^Lines speak at once that did not in the source: u0003 and u0004/);
  });

  it.concurrent('measures a dub that is 6 dB too soft', async () => {
    const verdict = await judge({ gainDb: -6 });
    expect(failed(verdict)).toEqual(['loudness']);
    expect(verdict.gates.find((gate) => gate.name === 'loudness')!.value).toBeCloseTo(film.options.targetLufs - 6, 0);
  });

  it.concurrent('measures a peak over the ceiling', async () => {
    expect(failed(await judge({ click: true }))).toEqual(['true-peak']);
  });

  it.concurrent('notices a dub track that is one frame or three frames short', async () => {
    const [one, three] = [await judge({ longerMs: -40 }), await judge({ longerMs: -120 })];
    expect(failed(one)).toEqual(['duration']);
    expect(failed(three)).toEqual(['duration']);
    expect(detail(three, 'duration')).toMatch(/^The dub track is 1\d\d ms too short\.$/);
  });

  it.concurrent('notices a picture that is one frame or three frames short', async () => {
    const shortened = async (frames: number) => {
      const more = join(folder, `short-${frames}.mkv`);
      await ffmpeg('-i', film.source.path, '-map', '0:v', '-c', 'copy', '-frames:v', String(frames), more);
      const maps = ['2:v', '1:a', '0:a', '0:s', '0:t'].flatMap((map) => ['-map', map]);
      return judge({}, { more, maps });
    };
    expect(failed(await shortened(349))).toEqual(['video-stream-hash']);
    expect(failed(await shortened(347))).toEqual(['duration', 'video-stream-hash']);
  });

  it.concurrent('notices a picture that was encoded again', async () => {
    const verdict = await judge({}, { options: ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '30'] });
    expect(failed(verdict)).toEqual(['video-stream-hash']);
  });

  it.concurrent('notices dropped chapters and dropped streams', async () => {
    const chapters = await judge({}, { options: ['-map_chapters', '-1'] });
    expect(failed(chapters)).toEqual(['streams']);
    expect(detail(chapters, 'streams')).toBe('2 chapters of 2 missing.');
    const streams = await judge({}, without('0:a:1', '0:s', '0:t'));
    expect(failed(streams)).toEqual(['streams']);
    expect(detail(streams, 'streams')).toBe(
      'audio stream 2 (pcm_s16le, fr) is missing; subtitle stream 3 (subrip, en) is missing; attachment stream 4 (unknown) is missing.',
    );
  });

  it.concurrent('notices a sound track that was encoded again', async () => {
    const verdict = await judge({}, { options: ['-c:a:2', 'pcm_s16le', '-filter:a:2', 'volume=0.5'] });
    expect(detail(verdict, 'streams')).toBe('audio stream 2 (pcm_s16le, fr) is there but not bit for bit.');
  });

  it.concurrent('notices that a player would not pick the dub', async () => {
    const verdict = await judge({}, { options: ['-disposition:a:0', '0', '-disposition:a:1', 'default'] });
    expect(failed(verdict)).toEqual(['streams']);
    expect(detail(verdict, 'streams')).toBe(
      'the dub is not the default sound track; another sound track than the dub is marked as default.',
    );
  });

  it.concurrent('hears the lines over an original that is as loud as they are', async () => {
    const verdict = await judge({ bedDb: 0 }, {}, { targetLufs: -23.7 });
    expect(failed(verdict)).toEqual([]);
  });

  it.concurrent('judges Opus in Matroska as well as AAC', async () => {
    const verdict = await judge({}, { audioCodec: ['-c:a:0', 'libopus', '-b:a:0', '64k'] });
    expect(failed(verdict)).toEqual([]);
  });

  it.concurrent('judges a file without sound', async () => {
    const verdict = await judge({}, { maps: ['-map', '0:v', '-map', '0:s', '-map', '0:t'], audioCodec: [] });
    expect(failed(verdict)).toEqual(['lines-present', 'silent-failures', 'duration', 'loudness', 'streams']);
    expect(detail(verdict, 'streams')).toContain('there is no sound');
  });

  it.concurrent('says when the input is no longer there to compare with', async () => {
    const dub = await makeDub(film, {}, { name: 'lonely.mkv' });
    const source = { ...film.source, path: join(folder, 'moved.mkv') };
    const verdict = await check(source, film.script, film.takes, film.timeline, dub, film.options, film.ctx);
    expect(failed(verdict)).toEqual(['video-stream-hash']);
    expect(detail(verdict, 'video-stream-hash')).toBe(
      `The input is no longer at ${source.path}, so the picture cannot be compared.`,
    );
  });

  it.concurrent('throws when the output is gone, and stops at once when told to', async () => {
    const dub = await makeDub(film, {}, { name: 'gone.mkv' });
    const stopped = { ...film.ctx, signal: AbortSignal.abort() };
    const run = (ctx: Film['ctx']) =>
      check(film.source, film.script, film.takes, film.timeline, dub, film.options, ctx);
    await expect(run(stopped)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await rm(dub.path);
    await expect(run(film.ctx)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });

  it.concurrent('stops in the middle and leaves nothing running', async () => {
    const dub = await makeDub(film, {}, { name: 'stopped.mkv' });
    const controller = new AbortController();
    const ctx = { ...film.ctx, signal: controller.signal, emit: () => controller.abort() };
    const verdict = check(film.source, film.script, film.takes, film.timeline, dub, film.options, ctx);
    await expect(verdict).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it.concurrent('fails when a take is gone instead of calling its line missing', async () => {
    const dub = await makeDub(film, {}, { name: 'no-take.mkv' });
    const takes = film.takes.takes.map((take) => ({ ...take, path: `${take.path}.gone` }));
    const verdict = check(
      film.source,
      film.script,
      { takes, failures: [] },
      film.timeline,
      dub,
      film.options,
      film.ctx,
    );
    await expect(verdict).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});
