import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cue } from '../../../src/domain/dub.js';
import type { Source } from '../../../src/domain/source.js';
import { probeFile } from '../../../src/media/probe.js';
import { type SubtitlesExpectation, subtitleGates } from '../../../src/stages/check/subtitle-gates.js';
import { writeSrt, writeVtt } from '../../../src/subtitles/write.js';
import { ffmpeg, makeFolder, removeFolder } from '../../support/media.js';
import { makeContext, type RecordedContext } from '../../support/stage-context.js';

const cues: readonly Cue[] = [
  { startMs: 0, endMs: 2000, text: 'Buenos días\ny bienvenidos.' },
  { startMs: 2200, endMs: 4000, text: '¿Qué tal está usted?' },
];

let folder: string;
let ctx: RecordedContext;
let made = 0;

beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
});

afterAll(() => removeFolder(folder));

/** A film with these cues as a track, in a container of this extension. */
async function film(shown: readonly Cue[], extension: string, language = 'spa'): Promise<Source> {
  made++;
  const srt = join(folder, `${made}.srt`);
  const path = join(folder, `${made}${extension}`);
  await writeFile(srt, writeSrt(shown));
  const codec = extension === '.mkv' ? 'srt' : 'mov_text';
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=25:duration=5', '-i', srt, '-map', '0', '-map', '1'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:s', codec, '-metadata:s:s:0', `language=${language}`, path],
  );
  return probeFile(path, ctx.tools, ctx.signal);
}

async function judge(output: Source, expected: Partial<SubtitlesExpectation> = {}) {
  const gates = await subtitleGates({ language: 'es', cues, ...expected }, output, output.zeroUs, ctx);
  return Object.fromEntries(gates.map((gate) => [gate.name, { passed: gate.passed, detail: gate.detail }]));
}

describe('subtitleGates', () => {
  it.each(['.mp4', '.mkv'])('reads the track of a %s back and finds it as laid out', async (extension) => {
    expect(await judge(await film(cues, extension))).toEqual({
      subtitles: { passed: true, detail: '2 cues as laid out, in the track of the output.' },
      'reading-speed': { passed: true, detail: 'Every cue stands long enough to be read.' },
    });
  });

  it('reads the file beside the output, as SRT and WebVTT, and misses one that is gone', async () => {
    const output = await film(cues, '.mkv');
    const path = join(folder, 'beside.vtt');
    expect((await judge(output, { path })).subtitles).toEqual({
      passed: false,
      detail: 'there is no subtitle file beside the output.',
    });
    for (const text of [writeVtt(cues), writeSrt(cues)]) {
      await writeFile(path, text);
      expect((await judge(output, { path })).subtitles!.passed).toBe(true);
    }
  });

  it('misses a track of the language, a cue, a word, and a cue that was moved', async () => {
    expect((await judge(await film(cues, '.mkv', 'eng'))).subtitles!.detail).toBe(
      'there is no subtitle track of the output.',
    );
    expect((await judge(await film(cues.slice(1), '.mkv'))).subtitles!.detail).toBe('1 cue instead of 2.');
    const [first, second] = cues as [Cue, Cue];
    const reworded = [first, { ...second, text: '¿Qué tal estás?' }];
    expect((await judge(await film(reworded, '.mkv'))).subtitles!.detail).toBe('another text: cue 2.');
    const late = [first, { ...second, startMs: 2300, endMs: 4100 }];
    expect((await judge(await film(late, '.mkv'))).subtitles!.detail).toBe(
      'not where they were laid: cue 2 by 100 ms.',
    );
  });

  it('lints what is delivered: layout is the file’s fault, speed the wording’s', async () => {
    const bad: Cue[] = [
      { startMs: 0, endMs: 1000, text: 'A line that is far too long for anybody to read it on one line' },
      { startMs: 1010, endMs: 2500, text: 'Next.' },
    ];
    expect(await judge(await film(bad, '.mkv'), { cues: bad })).toEqual({
      subtitles: {
        passed: false,
        detail: 'badly laid out: cue 1 (62 characters in a line), cue 1 (10 ms before the next).',
      },
      'reading-speed': { passed: false, detail: '1 cue of 2 hard to read: cue 1 (62 characters a second).' },
    });
  });
});
