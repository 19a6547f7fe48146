import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultKey } from '../emulators/dashscope/server.js';
import { jsonLines } from '../support/command.js';
import { type CrashRun, type Ground, makeGround } from '../support/crash.js';
import { makeFolder, removeFolder } from '../support/media.js';

let ground: Ground;

beforeAll(async () => {
  ground = await makeGround(await makeFolder());
  expect(await ground.run()).toMatchObject({ exit: 0 });
});

afterAll(async () => {
  await ground.emulator.close();
  await removeFolder(ground.folder);
});

beforeEach(() => ground.forget());

const file = (...names: string[]) => join(ground.work, ...names);

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
}

function resumeOf({ stdout }: CrashRun) {
  return jsonLines(stdout).find(({ type }) => type === 'resume') as Record<string, unknown>;
}

/** What the service was asked, by endpoint. */
function asked(endpoint: string): string[] {
  return [...ground.ledger().keys()].filter((body) => body.startsWith(`${endpoint} `));
}

describe('dub redo', () => {
  it('shows lines edited by hand and voices only those; what a machine made of them is kept apart', async () => {
    await edit(file('es', 'translation.srt'), 'Háblenos del tiempo en Escocia.', 'Cuéntenos qué tiempo hace allí.');
    const shown = await ground.call(['redo', 'talk.dub', '--dry-run']);
    expect(shown).toMatchObject({ exit: 0, stdout: '' });
    expect(shown.stderr).toContain('of 4 lines 4 translated and 3 voiced are kept; 1 to voice (31 characters, ');
    expect(shown.stderr).toContain('      - Háblenos del tiempo en Escocia.\n');
    expect(shown.stderr).toContain('      + Cuéntenos qué tiempo hace allí. (by hand)\n');
    expect(ground.ledger().size).toBe(0);

    const redone = await ground.call(['redo', 'talk.dub', '--json']);
    expect(redone).toMatchObject({ exit: 0 });
    expect(resumeOf(redone)).toMatchObject({
      ...{ lines: 4, translate: { lines: 0 }, voice: { lines: 1, characters: 31 }, money: { CNY: 0.002_48 } },
      changes: [{ was: 'Háblenos del tiempo en Escocia.', now: 'Cuéntenos qué tiempo hace allí.', byHand: true }],
    });
    expect(asked('chat')).toEqual([]);
    expect(asked('tts')).toEqual([expect.stringContaining('Cuéntenos qué tiempo hace allí.')]);
    expect(await readFile(file('es', 'translation.srt'), 'utf8')).toContain('Cuéntenos qué tiempo hace allí.');
  });

  it('asks for the translation of a line whose words were edited, and leaves the lines by hand alone', async () => {
    await edit(file('script.srt'), 'He was not an ill-disposed young man.', 'He was a good young man.');
    const redone = await ground.call(['redo', 'talk.mp4', '--json']);
    expect(redone).toMatchObject({ exit: 0 });
    expect(resumeOf(redone)).toMatchObject({
      ...{ translate: { lines: 1, characters: 24 }, voice: { lines: 1 } },
      changes: [{ source: 'He was a good young man.', was: 'No era un joven de mala índole.' }],
    });
    expect(asked('chat')).toEqual([expect.stringContaining('He was a good young man.')]);
    expect(asked('tts')).toHaveLength(1);
    expect(await readFile(file('es', 'translation.srt'), 'utf8')).toContain('Cuéntenos qué tiempo hace allí.');
  });

  it('after another voice in the cast voices its lines, after a term in the glossary asks for the lines that hold it', async () => {
    const cast = await readFile(file('cast.json'), 'utf8');
    const [voice = ''] = /(?<="voice": ")\w+/.exec(cast) ?? [];
    await edit(file('cast.json'), `"voice": "${voice}"`, '"voice": "Ethan"');
    const recast = await ground.call(['redo', 'talk.dub', '--json']);
    expect(recast).toMatchObject({ exit: 0 });
    expect(resumeOf(recast)).toMatchObject({
      translate: { lines: 0 },
      voice: { lines: 2 },
      money: { CNY: expect.any(Number) },
    });
    expect(resumeOf(recast).changes).toEqual(Array(2).fill(expect.objectContaining({ voice: 'Ethan' })));
    expect(asked('chat')).toEqual([]);
    expect(asked('tts')).toHaveLength(2);
    ground.forget();
    await writeFile(join(ground.folder, 'terms.csv'), 'young man,mozo\n');
    const termed = await ground.call(['redo', 'talk.dub', '--dry-run', '--json', '--glossary', 'terms.csv']);
    expect(resumeOf(termed)).toMatchObject({
      translate: { lines: 1 },
      voice: { lines: 1 },
      changes: [{ source: expect.stringContaining('young man') }],
    });
    expect(ground.ledger().size).toBe(0);
  });

  it('takes a line out of the dub that was taken out of the script', async () => {
    const script = await readFile(file('script.srt'), 'utf8');
    await writeFile(file('script.srt'), script.split('\n\n').slice(0, -1).join('\n\n'));
    const redone = await ground.call(['redo', 'talk.dub', '--json']);
    expect(redone).toMatchObject({ exit: 0 });
    expect(resumeOf(redone)).toMatchObject({ lines: 3, changes: [{ gone: true }] });
    expect([...asked('chat'), ...asked('tts')]).toEqual([]);
  });

  it('asks anew from a stage on when told to, and goes on with that after a kill', async () => {
    const asking = ['--from-stage', 'translate'];
    await ground.runAndKill('synthesize', 0, asking);
    const before = asked('chat').length;
    expect(await ground.call(['redo', 'talk.dub', '--json', ...asking])).toMatchObject({ exit: 0 });
    const texts = asked('chat').map((body) => [...body.matchAll(/Good evening|weather in Scotland/g)].length);
    expect(texts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
    expect([...ground.ledger().values()].filter((count) => count > 1)).toEqual([]);
    expect(before).toBeLessThanOrEqual(asked('chat').length);
    expect(asked('tts')).toEqual([]);
  });

  it('refuses what it cannot redo, and says what to do', async () => {
    expect(await ground.call(['redo'])).toMatchObject({ exit: 2 });
    const nowhere = await ground.call(['redo', 'cache']);
    expect(nowhere).toMatchObject({ exit: 2, stderr: expect.stringContaining('No run has left its record in ') });
    const later = new Date(Date.now() + 60_000);
    await utimes(ground.output, later, later);
    const changed = await ground.call(['redo', 'talk.dub']);
    expect(changed).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('was changed after the run that made it.'),
    });
  });

  it('takes no program, host or key from a record, which may be anybody’s', async () => {
    const record = JSON.parse(await readFile(file('run.json'), 'utf8')) as { settings: Record<string, unknown> };
    expect(JSON.stringify(record)).not.toContain(defaultKey);
    expect(Object.keys(record.settings).sort()).toEqual(['cache', 'providers', 'speakers', 'to']);
    for (const [key, raw] of [
      ['dashscopeBaseUrl', 'http://127.0.0.1:9'],
      ['ffmpeg', '/bin/false'],
      ['providers', { 'asr:qwen': { baseUrl: 'http://127.0.0.1:9' } }],
    ]) {
      const settings = { ...record.settings, [key as string]: { raw, folder: '/' } };
      await writeFile(file('run.json'), JSON.stringify({ ...record, settings }));
      expect(await ground.call(['redo', 'talk.dub'])).toMatchObject({ exit: 2 });
    }
  });
});
