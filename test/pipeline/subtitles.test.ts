import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callDub, jsonLines } from '../support/command.js';
import { ffmpeg, makeFolder, packetTimes, probeJson, removeFolder } from '../support/media.js';
import { copyTalk, type Talk } from './support.js';

let talk: Talk;

beforeEach(async () => {
  talk = await copyTalk(await makeFolder());
});

afterEach(() => removeFolder(talk.folder));

/** Mean difference of brightness between the same frame of two films, 0…255, in the lower third of the picture. */
async function difference(a: string, b: string, seconds: number): Promise<number> {
  const at = ['-ss', String(seconds)];
  const filter = '[0:v][1:v]blend=all_mode=difference,crop=iw:ih/3:0:2*ih/3,format=gray';
  const inputs = [...at, '-i', a, ...at, '-i', b];
  const pixels = await ffmpeg(...inputs, '-filter_complex', filter, '-frames:v', '1', '-f', 'rawvideo', '-');
  return pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
}

describe('--subtitles', () => {
  it('burn draws them into the picture, keeps every frame, and says that it was encoded anew', async () => {
    const { exit, stdout } = await talk.dub('--json', '--subtitles', 'burn');
    expect(exit).toBe(0);
    const summary = jsonLines(stdout).at(-1) as unknown as { outputs: { verdict: unknown; warnings: string[] }[] };
    expect(summary.outputs[0]!.verdict).toMatchObject({ passed: true });
    expect(summary.outputs[0]!.warnings.join()).toContain('encoded anew with the subtitles in the picture, as asked');
    expect((await packetTimes(talk.output, 'v')).length).toBe((await packetTimes(talk.film, 'v')).length);
    const timeline = JSON.parse(await readFile(join(talk.folder, 'talk.dub/es/timeline.json'), 'utf8'));
    const firstMs: number = timeline.placements[0].startMs;
    expect(await difference(talk.film, talk.output, (firstMs + 400) / 1000)).toBeGreaterThan(2);
    expect(await difference(talk.film, talk.output, Math.max(0, firstMs - 300) / 1000)).toBeLessThan(1);
  });

  it('both has the dub above the source in one track', async () => {
    const { exit, stderr } = await talk.dub('--subtitles', 'both');
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const track = (await probeJson(talk.output)).streams.find(({ codec_type }) => codec_type === 'subtitle')!;
    expect(track.tags).toMatchObject({ language: 'spa' });
    const srt = String(await ffmpeg('-i', talk.output, '-map', '0:s:0', '-f', 'srt', '-'));
    const first = srt.split(/\r?\n/).slice(2, 4);
    expect(first.every((line) => line.length > 3 && line.length <= 42)).toBe(true);
  });

  it('burn refuses an input without a picture before anything is done', async () => {
    const audio = join(talk.folder, 'talk.m4a');
    await ffmpeg('-i', talk.film, '-vn', '-c:a', 'copy', audio);
    const words = ['--offline', '--script', 'talk.en.srt', '--translation', 'es=spanish.srt'];
    const { exit, stderr } = await callDub([audio, '--to', 'es', ...words, '--subtitles', 'burn'], {
      cwd: talk.folder,
    });
    expect(exit).toBe(2);
    expect(stderr).toContain(
      `dub: ${audio} has no picture to draw subtitles into.\n  Deliver them beside the file with --subtitles srt.\n`,
    );
  });
});
