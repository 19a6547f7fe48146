import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/pipeline/events.js';
import type { RunRecord } from '../../src/pipeline/resuming/journal.js';
import { jsonLines } from '../support/command.js';
import { makeFolder, removeFolder, streamHash } from '../support/media.js';
import { copyTalk, stagesOf, type Talk } from './support.js';

let talk: Talk;

beforeEach(async () => {
  talk = await copyTalk(await makeFolder());
});

afterEach(() => removeFolder(talk.folder));

function verdictOf(stdout: string): unknown {
  const { outputs } = jsonLines(stdout).at(-1) as unknown as RunSummary;
  return outputs[0]?.verdict;
}

const work = (...names: string[]) => join(talk.folder, 'talk.dub', ...names);

describe('a second run', () => {
  it('does no work but the mux when nothing has changed, and only what depends on it when an option has', async () => {
    const first = await talk.dub('--json');
    expect(first.exit).toBe(0);
    const once = await streamHash(talk.output, 'a');
    const again = await talk.dub('--json', '--force');
    expect(stagesOf(again.stdout)).toEqual({
      made: ['align', 'subtitle', 'mux'],
      kept: ['extract', 'transcribe', 'segment', 'cast', 'translate', 'synthesize', 'mix', 'check', 'report'],
    });
    expect(await streamHash(talk.output, 'a')).toBe(once);
    expect(verdictOf(again.stdout)).toEqual(verdictOf(first.stdout));

    const quieter = await talk.dub('--json', '--force', '--bed', 'mute');
    expect(stagesOf(quieter.stdout).made).toEqual(['align', 'subtitle', 'mix', 'mux', 'check', 'report']);

    const spanish = join(talk.folder, 'spanish.srt');
    await writeFile(spanish, (await readFile(spanish, 'utf8')).replace('No era un joven', 'No era un muchacho'));
    const reworded = await talk.dub('--json', '--force', '--bed', 'mute');
    expect(stagesOf(reworded.stdout).made).toEqual([
      'translate',
      'synthesize',
      'align',
      'subtitle',
      'mix',
      'mux',
      'check',
      'report',
    ]);
    const voiced = reworded.stdout
      .split('\n')
      .filter((line) => line.includes('"stage":"synthesize"') && line.includes('"line-done"'));
    expect(voiced.filter((line) => line.includes('"kept":false'))).toHaveLength(1);
    expect(voiced).toHaveLength(5);
  });

  it('notices a kept take that is damaged, sets it aside and voices that line again', async () => {
    await talk.dub('--force');
    const sound = await streamHash(talk.output, 'a');
    const cache = join(talk.folder, 'cache');
    const takes = (await readdir(cache, { recursive: true })).filter((name) => name.endsWith('.flac'));
    expect(takes).toHaveLength(5);
    const victim = join(cache, takes[2]!);
    const bytes = await readFile(victim);
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(victim, bytes);
    const again = await talk.dub('--json', '--force', '--bed', 'mute');
    expect(again.exit).toBe(0);
    const warnings = jsonLines(again.stdout).filter(({ type }) => type === 'warning');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^A kept answer is damaged and is made again: .*damaged/),
    ]);
    const voiced = jsonLines(again.stdout).filter(({ type, stage }) => type === 'line-done' && stage === 'synthesize');
    expect(voiced.filter(({ kept }) => kept === false)).toHaveLength(1);
    expect(await readdir(join(cache, 'damaged'))).toHaveLength(2);
    await talk.dub('--force');
    expect(await streamHash(talk.output, 'a')).toBe(sound);
  });

  it('never overwrites what a person edited in the work folder, and says where the new text is', async () => {
    await talk.dub();
    await writeFile(work('script.srt'), 'mine');
    const { stderr, exit } = await talk.dub('--force');
    expect(exit).toBe(0);
    expect(await readFile(work('script.srt'), 'utf8')).toBe('mine');
    expect(existsSync(work('script.new.srt'))).toBe(true);
    expect(stderr).toContain('script.srt was edited by hand and left as it is');
  });

  it('goes on after kill -9 and makes the same sound as an uninterrupted run', async () => {
    const command = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));
    const args = [talk.film, '--to', 'es', '--offline', '--script', 'talk.en.srt', '--translation', 'es=spanish.srt'];
    const env = { ...process.env, DUBBING_CACHE: join(talk.folder, 'cache') };
    for (const stage of ['synthesize', 'mix', 'mux']) {
      const child = spawn(process.execPath, [command, ...args, '--force', '--json'], { cwd: talk.folder, env });
      const ended = once(child, 'exit');
      child.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes(`"type":"stage-start","stage":"${stage}"`)) child.kill('SIGKILL');
      });
      await ended;
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect(existsSync(talk.output)).toBe(false);
    const killed = JSON.parse(await readFile(work('run.json'), 'utf8')) as RunRecord;
    expect(killed).toMatchObject({ state: 'running', input: talk.film, targets: ['es'] });
    expect(['mix', 'mux']).toContain(killed.stages.at(-1)?.stage);
    expect(killed.stages.find(({ stage }) => stage === 'synthesize')).toMatchObject({ state: 'done', kept: true });
    const resumed = await talk.dub('--json');
    expect(resumed.exit).toBe(0);
    const finished = JSON.parse(await readFile(work('run.json'), 'utf8')) as RunRecord;
    expect(finished).toMatchObject({ state: 'finished', exit: 0, outputs: [{ path: talk.output }] });
    expect(stagesOf(resumed.stdout).kept).toContain('synthesize');
    expect((await readdir(talk.folder)).filter((name) => name.includes('.partial'))).toEqual([]);
    const hash = await streamHash(talk.output, 'a');

    await rm(work(), { recursive: true });
    await rm(join(talk.folder, 'cache'), { recursive: true });
    await talk.dub('--force');
    expect(await streamHash(talk.output, 'a')).toBe(hash);
  });
});

describe('run.json', () => {
  it('says how a run failed', async () => {
    await writeFile(join(talk.folder, 'spanish.srt'), '1\n00:00:00,000 --> 00:00:00,100\nNada.\n');
    expect((await talk.dub('--on-line-failure', 'fail')).exit).not.toBe(0);
    const failed = JSON.parse(await readFile(work('run.json'), 'utf8')) as RunRecord;
    expect(failed).toMatchObject({ state: 'failed', error: { code: expect.any(String), message: expect.any(String) } });
  });
});

describe('work side by side', () => {
  it('is refused in one work folder while another run lives there', async () => {
    await mkdir(work('.state'), { recursive: true });
    const held = { pid: process.pid, host: (await import('node:os')).hostname(), token: 'another' };
    await writeFile(work('.state', 'lock'), JSON.stringify(held));
    const { exit, stderr } = await talk.dub();
    expect(exit).toBe(6);
    expect(stderr).toContain('Another dub is working in this folder');
  });
});
