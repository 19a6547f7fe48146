import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gate } from '../../src/domain/dub.js';
import { callDub, jsonLines } from '../support/command.js';
import { ffmpeg, makeFolder, removeFolder, streamHash } from '../support/media.js';

// Real speech in, real recognition, real translation, real speech out: flite -> pocketsphinx -> apertium -> espeak-ng.

let folder = '';
let film = '';

const spoken = ['Good morning. Today we will talk about the weather.', 'The house is big and the garden is small.'];

/** A film of flite's voice saying two lines, at 1 s and at 6 s, over a quiet hum. */
async function filmOfSpeech(): Promise<string> {
  const takes = await Promise.all(
    spoken.map(async (text, index) => {
      const words = join(folder, `${index}.txt`);
      await writeFile(words, text);
      execFileSync('flite', ['-voice', 'slt', '-f', words, '-o', join(folder, `${index}.wav`)]);
      return join(folder, `${index}.wav`);
    }),
  );
  const path = join(folder, 'speech.mp4');
  const graph =
    '[0:a]adelay=1000[a];[1:a]adelay=6000[b];[a][b]amix=normalize=0,apad=whole_dur=11[s];[s][2:a]amix=normalize=0:duration=first[out]';
  await ffmpeg(
    ...['-i', takes[0]!, '-i', takes[1]!, '-f', 'lavfi', '-i', 'sine=f=110:d=11:r=16000,volume=0.02'],
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=25:duration=11'],
    ...[
      '-filter_complex',
      graph,
      '-map',
      '3:v',
      '-map',
      '[out]',
      '-ar',
      '48000',
      '-c:v',
      'libx264',
      '-c:a',
      'aac',
      path,
    ],
  );
  return path;
}

beforeAll(async () => {
  folder = await makeFolder();
  film = await filmOfSpeech();
});

afterAll(() => removeFolder(folder));

describe('the full chain of local engines', () => {
  it('hears, translates and speaks what was said, and the file passes every gate that does not judge wording', async () => {
    const args = [film, '--to', 'es', '--from', 'en', '--asr', 'pocketsphinx', '--translator', 'apertium'];
    const env = { DUBBING_CACHE: join(folder, 'cache') };
    const { exit, stdout, stderr } = await callDub([...args, '--tts', 'espeak-ng', '--json'], { cwd: folder, env });
    expect(stderr).not.toContain('dub: ');
    expect(exit).toBe(0);
    const events = jsonLines(stdout);
    const summary = events.at(-1) as { type: string; outputs: { path: string; verdict: { gates: Gate[] } }[] };
    expect(summary.type).toBe('summary');

    const said = execFileSync('cat', [join(folder, 'speech.dub', 'script.srt')], { encoding: 'utf8' }).toLowerCase();
    for (const word of ['morning', 'weather', 'house']) expect(said).toContain(word);
    const says = execFileSync('cat', [join(folder, 'speech.dub', 'es', 'translation.srt')], { encoding: 'utf8' });
    expect(says.toLowerCase()).toMatch(/tiempo|clima/);
    expect(says.toLowerCase()).toContain('casa');

    const output = summary.outputs[0]!;
    expect(output.path).toBe(join(folder, 'speech.es.mp4'));
    const failed = output.verdict.gates.filter((gate) => !gate.passed && gate.judges === 'file');
    expect(failed).toEqual([]);
    expect(await streamHash(output.path, 'v')).toBe(await streamHash(film, 'v'));
  });
});
