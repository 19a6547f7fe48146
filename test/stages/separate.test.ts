import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../../src/domain/script.js';
import type { Soundtrack } from '../../src/domain/source.js';
import { probeFile } from '../../src/media/probe.js';
import { extract } from '../../src/stages/extract.js';
import { separate } from '../../src/stages/separate.js';
import { callDub, jsonLines } from '../support/command.js';
import { decodeMono, ffmpeg, makeFolder, removeFolder } from '../support/media.js';
import { makeContext, type RecordedContext } from '../support/stage-context.js';

const rate = 16_000;
const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
let folder: string;
let film: string;
let background: string;
let ctx: RecordedContext;
let soundtrack: Soundtrack;

/** Nobody speaks in the first second. */
const script = { language: 'en', utterances: [{ id: 'u0001', startMs: 1000, endMs: 31_000 }] } as unknown as Script;

beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
  background = join(folder, 'noise.wav');
  film = join(folder, 'talk.mp4');
  const noise =
    'anoisesrc=color=pink:seed=7:amplitude=0.1:duration=31:sample_rate=48000,aformat=channel_layouts=stereo';
  await ffmpeg('-f', 'lavfi', '-i', noise, background);
  const both = '[0:a][1:a]amix=inputs=2:normalize=0:duration=longest[a]';
  const inputs = ['-i', join(fixtures, 'talk.mp4'), '-i', background, '-filter_complex', both];
  await ffmpeg(...inputs, '-map', '0:v', '-map', '[a]', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '192k', film);
  soundtrack = await extract(await probeFile(film, ctx.tools, ctx.signal), { needsSpeech: false }, ctx);
});

afterAll(() => removeFolder(folder));

/** A separator that knows the background, with a filter over it. */
const knowing = (filter: string, to = '{background}') => {
  return ['ffmpeg', '-v', 'error', '-nostdin', '-i', '{in}', '-i', background, '-map', '1', '-af', filter, to];
};

const separated = (command: readonly string[]) => separate(soundtrack, script, command, ctx);

/** Power of what is left of `samples` when `known` is taken away, against that of `known`, dB, in a stretch of seconds. */
function residueDb(samples: Float32Array, known: Float32Array, from: number, to: number): number {
  let [left, all] = [0, 0];
  for (let i = Math.round(from * rate); i < to * rate; i++) {
    left += (samples[i]! - known[i]!) ** 2;
    all += known[i]! ** 2;
  }
  return 10 * Math.log10(left / all);
}

describe('a background that a program of the user made', () => {
  it('is taken over as it is', async () => {
    const kept = await decodeMono(await separated(knowing('anull')), rate);
    const known = await decodeMono(background, rate);
    expect(kept).toHaveLength(31 * rate);
    expect(residueDb(kept, known, 0, 31)).toBeLessThan(-30);
  });

  it('is found below {out} under the names that separators give', async () => {
    const path = await separated(knowing('volume=0.9', '{out}/no_vocals.wav'));
    expect(residueDb(await decodeMono(path, rate), await decodeMono(background, rate), 0, 31)).toBeLessThan(-15);
  });

  it('that comes 40 ms late is put in its place', async () => {
    const path = await separated(knowing('adelay=40:all=1,atrim=end=31'));
    expect(residueDb(await decodeMono(path, rate), await decodeMono(background, rate), 1, 30)).toBeLessThan(-15);
  });

  it.each([
    ['too short', () => knowing('atrim=end=29'), /2000 ms shorter than the sound it was given/],
    ['silent', () => knowing('volume=0'), /silent where nobody speaks/],
    ['far too soft', () => knowing('volume=0.01'), /dB lower than the sound where nobody speaks/],
    ['elsewhere', () => knowing('anull', '{out}/vocals.wav'), /left no background: vocals\.wav was found/],
    ['nowhere', () => ['true', '{in}', '{out}'], /left no background: no sound was found/],
    ['not made', () => ['ls', '{in}.gone', '{out}'], /ls ended with 2\.\n[\s\S]*sound\.wav\.gone/],
  ])('is refused when it is %s', async (_, command, message) => {
    await expect(separated(command())).rejects.toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: expect.stringMatching(message),
    });
  });

  it('names a program that is not there', async () => {
    await expect(separated(['no-such-separator', '{in}', '{out}'])).rejects.toMatchObject({
      code: 'ENGINE_MISSING',
      message: expect.stringContaining('no-such-separator could not be started (ENOENT)'),
    });
  });
});

describe('--bed separate', () => {
  const call = (...more: readonly string[]) => {
    const texts = ['--script', join(fixtures, 'talk.en.srt'), '--translation', `es=${join(fixtures, 'talk.es.srt')}`];
    const args = [film, '--to', 'es', '--offline', ...texts, '--bed', 'separate', '--json', ...more];
    return callDub(args, { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') } });
  };

  it('has no original speech under the lines, and the background as loud as before', async () => {
    const command = knowing('anull').join(' ');
    const { exit, stdout, stderr } = await call('--separator', command, '-o', 'a.mp4', '--work', 'a');
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const stages = jsonLines(stdout).filter((event) => event.type === 'stage-end');
    expect(stages.map((event) => event.stage)).toContain('separate');
    const [dub, original, known] = await Promise.all(
      [join(folder, 'a.mp4'), film, background].map((path) => decodeMono(path, rate)),
    );
    const timeline = JSON.parse(await readFile(join(folder, 'a/es/timeline.json'), 'utf8'));
    const [first, second] = timeline.placements;
    const speech = minus(original!, known!);
    const lines = parts(dub!, speech, known!, first.startMs / 1000, second.startMs / 1000);
    const after = parts(dub!, speech, known!, 30.2, 30.9);
    const decibels = (gain: number) => 20 * Math.log10(Math.abs(gain / after[1]));
    expect(decibels(lines[0])).toBeLessThan(-40);
    expect(Math.abs(decibels(lines[1]))).toBeLessThan(0.2);
    // Where there is no line the original is heard, with all that is in it.
    expect(Math.abs(decibels(after[0]))).toBeLessThan(0.2);
  });

  it('lowers the bed instead, and says so, where that was allowed', async () => {
    const args = ['--separator', 'no-such-separator {in} {out}', '-o', 'b.mp4', '--work', 'b'];
    const failed = await call(...args);
    expect(failed.exit).not.toBe(0);
    expect(failed.stderr).toContain('no-such-separator could not be started');
    const { exit, stdout } = await call(...args, '--separator-fallback', 'duck');
    expect(exit).toBe(0);
    expect(stdout).toContain('The bed is lowered under lines instead');
    const summary = jsonLines(stdout).at(-1) as { outputs: { verdict: { gates: { name: string }[] } }[] };
    expect(summary.outputs[0]!.verdict.gates.map(({ name }) => name)).toContain('leakage');
  });

  it('needs a program, and one that is told where things are', async () => {
    expect((await call()).stderr).toContain('--bed separate needs a program or a model');
    expect((await call('--separator', 'demucs {in}')).stderr).toContain('where the background goes');
  });
});

const minus = (a: Float32Array, b: Float32Array) => a.map((sample, i) => sample - (b[i] ?? 0));

/** Least-squares gains of two sounds in a third, in a stretch of seconds. */
function parts(whole: Float32Array, first: Float32Array, second: Float32Array, from: number, to: number) {
  let [aa, ab, bb, wa, wb] = [0, 0, 0, 0, 0];
  for (let i = Math.round(from * rate); i < to * rate; i++) {
    const [a, b, w] = [first[i]!, second[i]!, whole[i]!];
    aa += a * a;
    ab += a * b;
    bb += b * b;
    wa += w * a;
    wb += w * b;
  }
  const det = aa * bb - ab * ab;
  return [(wa * bb - wb * ab) / det, (wb * aa - wa * ab) / det] as const;
}
