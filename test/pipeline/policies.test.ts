import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callDub, jsonLines } from '../support/command.js';
import { decodeMono, makeFolder, removeFolder } from '../support/media.js';
import { copyTalk, type Talk } from './support.js';

let talk: Talk;

beforeAll(async () => {
  talk = await copyTalk(await makeFolder());
  // The second line has no translation.
  const spanish = join(talk.folder, 'spanish.srt');
  const cues = (await readFile(spanish, 'utf8')).split('\n\n');
  await writeFile(spanish, cues.filter((cue) => !cue.startsWith('2\n')).join('\n\n'));
});

afterAll(() => removeFolder(talk.folder));

const outputSummary = (stdout: string) =>
  (jsonLines(stdout).at(-1) as { outputs: { lines: unknown; failures: { utteranceId: string; message: string }[] }[] })
    .outputs[0]!;

/** Root mean square of the dub while the second line is spoken in the source, dBFS. */
async function levelOfSecondLine(path: string): Promise<number> {
  const samples = (await decodeMono(path, 16_000, 0)).subarray(16 * 9400, 16 * 11_600);
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power + 1e-12);
}

describe('a line that cannot be voiced', () => {
  it('keeps the original speech, is listed, and makes the exit number 8', async () => {
    const { exit, stdout } = await talk.dub('--json', '--subtitles', 'none', '-o', 'kept.mp4');
    expect(exit).toBe(8);
    const { lines, failures } = outputSummary(stdout);
    expect(lines).toEqual({ total: 5, voiced: 4, failed: 1, overflowed: 0 });
    expect(failures.map((failure) => failure.utteranceId)).toEqual(['u0002']);
    expect(await levelOfSecondLine(join(talk.folder, 'kept.mp4'))).toBeGreaterThan(-40);
  });

  it('leaves silence when asked to', async () => {
    const { exit } = await talk.dub('--on-line-failure', 'silence', '--subtitles', 'none', '-o', 'silent.mp4');
    expect(exit).toBe(8);
    const kept = await levelOfSecondLine(join(talk.folder, 'kept.mp4'));
    expect(await levelOfSecondLine(join(talk.folder, 'silent.mp4'))).toBeLessThan(kept - 30);
  });

  it('ends the run when asked to, before anything is written', async () => {
    const { exit, stderr } = await talk.dub('--on-line-failure', 'fail', '-o', 'none.mp4');
    expect(exit).toBe(2);
    expect(stderr).toContain('dub: Line u0002 failed: ');
    expect(existsSync(join(talk.folder, 'none.mp4'))).toBe(false);
  });
});

describe('--range', () => {
  it('dubs only the lines that start there and keeps the length of the whole', async () => {
    const { exit, stdout } = await talk.dub('--json', '--range', '0:12-0:20', '-o', 'part.mp4');
    expect(exit).toBe(0);
    expect(outputSummary(stdout).lines).toEqual({ total: 2, voiced: 2, failed: 0, overflowed: 0 });
    expect((await decodeMono(join(talk.folder, 'part.mp4'), 1000, 0)).length).toBeCloseTo(31_000, -2);
  });

  it('says so when no line starts there', async () => {
    const { exit, stderr } = await talk.dub('--range', '30-31', '-o', 'part2.mp4');
    expect(exit).toBe(3);
    expect(stderr).toContain('dub: No line starts in the range 0:00:30.000–0:00:31.000.');
  });
});

describe('lines that are too long', () => {
  const wordy =
    'Esta frase es mucho más larga de lo que cabe, con muchas palabras que nadie podría decir en tan poco tiempo';

  async function dubWordy(...more: string[]) {
    const cues = [0, 1, 2, 3, 4, 5].map((i) => {
      const at = (s: number) => `00:00:${String(s).padStart(2, '0')},000`;
      return `${i + 1}\n${at(1 + i * 5)} --> ${at(3 + i * 5)}\nTEXT ${i}, which is short.\n`;
    });
    await writeFile(join(talk.folder, 'short.srt'), cues.join('\n'));
    await writeFile(join(talk.folder, 'wordy.srt'), cues.join('\n').replace(/TEXT \d.*/g, `${wordy}, ${wordy}.`));
    const args = [
      talk.film,
      '--to',
      'es',
      '--from',
      'en',
      '--offline',
      '--script',
      'short.srt',
      '--translation',
      'wordy.srt',
    ];
    const env = { DUBBING_CACHE: join(talk.folder, 'cache') };
    return callDub([...args, '--json', '--force', '-o', 'wordy.mp4', ...more], { cwd: talk.folder, env });
  }

  it('are reported, never cut unsaid, and --strict makes them exit 7', async () => {
    const { exit, stdout } = await dubWordy('--strict', '--on-overflow', 'trim');
    expect(exit).toBe(7);
    const events = jsonLines(stdout);
    const overflows = events.filter((event) => event.type === 'line-overflow');
    expect(overflows.length).toBeGreaterThan(0);
    for (const overflow of overflows) expect(overflow.excessMs).toBeGreaterThan(0);
    const ends = overflows.map(({ utteranceId, excessMs }) => `${String(utteranceId)} its last ${String(excessMs)} ms`);
    const cut = `Too long even at the fastest tempo, and cut as --on-overflow trim asks: ${ends.join(', ')}.`;
    expect(events.filter(({ type }) => type === 'warning').map(({ message }) => message)).toContain(cut);
  });

  it('end the run under --on-overflow fail', async () => {
    const { exit, stdout } = await dubWordy('--on-overflow', 'fail');
    expect(exit).toBe(7);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'error', code: 'TIMING_OVERFLOW' });
  });
});
