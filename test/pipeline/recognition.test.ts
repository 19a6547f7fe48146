import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asr } from '../emulators/dashscope/asr.js';
import { createEar, learnRecording, readScript } from '../emulators/dashscope/ear.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { makeFolder, removeFolder } from '../support/media.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixture = (name: string) => join(root, 'fixtures', name);

/** The stages that all targets share, in a process of its own, against the emulator; prints the lines. */
const program = `
const [film, work, baseUrl, apiKey, dist] = process.argv.slice(1);
const load = (path) => import(new URL(path, dist));
const { createHttp } = await load('net/client.js');
const { qwen } = await load('providers/asr/qwen/index.js');
const { dashscope } = await load('providers/storage/dashscope/index.js');
const { findMediaTools } = await load('media/tools.js');
const { probeFile } = await load('media/probe.js');
const { openWorkFolder } = await load('workspace/folder.js');
const { startSession } = await load('pipeline/session.js');
const { prepareShared } = await load('pipeline/shared.js');
const http = createHttp({ version: '0' });
const tools = { scratch: work, http: async (scope) => http.scope(scope) };
const options = { apiKey, baseUrl, pollMs: 50 };
const chosen = (provider) => ({ label: 'qwen', provider, options: {}, files: [] });
const run = { signal: new AbortController().signal, media: await findMediaTools(), sink: () => undefined };
const folder = await openWorkFolder(work);
const job = {
  targets: [],
  asr: chosen(qwen.create(qwen.options.parse(options), tools)),
  storage: chosen(dashscope.create(dashscope.options.parse(options), tools)),
};
const session = await startSession(run, folder, { ...job, cache: work + '/cache' });
const { script } = await prepareShared(job, await probeFile(film, run.media, run.signal), session);
console.log(JSON.stringify(script.utterances));
await folder.close();
await http.close();
`;

let folder: string;
let emulator: Emulator;

beforeEach(async () => {
  folder = await makeFolder();
  await copyFile(fixture('talk.mp4'), join(folder, 'talk.mp4'));
  const ear = createEar();
  await learnRecording(ear, await readFile(fixture('talk.mp4')), await script(), 'en');
  emulator = await startEmulator({ parts: [asr(ear)] });
});

afterEach(async () => {
  await emulator.close();
  await removeFolder(folder);
});

async function script() {
  return readScript(await readFile(fixture('talk.en.srt'), 'utf8'));
}

function args(): string[] {
  const dist = new URL('../../dist/', import.meta.url).href;
  const given = [join(folder, 'talk.mp4'), join(folder, 'talk.dub'), emulator.url, defaultKey, dist];
  return ['--input-type=module', '-e', program, ...given];
}

function endpoints(): string[] {
  return emulator.requests.map(({ endpoint }) => endpoint);
}

describe('a run that is killed while a recognition task is under way', () => {
  it('is gone on with by the next one, which submits and uploads nothing', async () => {
    emulator.fail('task.query', { kind: 'hang' });
    const child = spawn(process.execPath, args(), { stdio: 'ignore' });
    const ended = once(child, 'exit');
    while (emulator.requestsTo('task.query').length === 0) {
      expect(child.exitCode).toBeNull();
      await sleep(20);
    }
    child.kill('SIGKILL');
    await ended;
    const state = await readdir(join(folder, 'talk.dub', '.state'));
    expect(state.filter((name) => name.startsWith('job-'))).toHaveLength(1);
    expect(state).not.toContain('transcribe.json');
    const before = endpoints().length;

    const { stdout } = await promisify(execFile)(process.execPath, args());
    expect(new Set(endpoints().slice(before))).toEqual(new Set(['task.query', 'result.get']));
    expect(emulator.requestsTo('asr.submit')).toHaveLength(1);
    const lines = JSON.parse(stdout) as { readonly text: string; readonly startMs: number }[];
    const words = (text: string) => text.toLowerCase().match(/[a-z]+/g);
    const expected = await script();
    expect(words(lines.map(({ text }) => text).join(' '))).toEqual(words(expected.map(({ text }) => text).join(' ')));
    expect(Math.abs(lines[0]!.startMs - expected[0]!.startMs)).toBeLessThan(50);
    expect(emulator.violations).toEqual([]);
  });
});
