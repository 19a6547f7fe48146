import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type IndexEmulator,
  type ServerKind,
  type ServerSettings,
  serverSettings,
  startIndexServer,
} from '../emulators/indextts/server.js';
import { toneInSamples, toneOfName } from '../emulators/indextts/tones.js';
import { callDub, jsonLines } from '../support/command.js';
import { ffmpeg, makeFolder, makeMedia, removeFolder } from '../support/media.js';

const texts = [
  'Good morning to you all.',
  'It is a pleasure to be here.',
  'Tell us about the weather.',
  'It rains all day long.',
];
const lineMs = 2500;

let folder: string;
const servers: IndexEmulator[] = [];

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'talk.mp4', seconds: (texts.length * lineMs) / 1000, audio: [{ tone: 300 }] });
  await writeFile(
    join(folder, 'talk.es.srt'),
    cues((_, index) => `Línea ${index + 1} de la obra.`),
  );
  await writeFile(
    join(folder, 'talk.en.srt'),
    cues((text) => text),
  );
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => removeFolder(folder));

function cues(word: (text: string, index: number) => string): string {
  const clock = (ms: number) =>
    `00:00:${String(Math.floor(ms / 1000)).padStart(2, '0')},${String(ms % 1000).padStart(3, '0')}`;
  return texts
    .map(
      (text, index) =>
        `${index + 1}\n${clock(index * lineMs + 200)} --> ${clock((index + 1) * lineMs - 200)}\n${word(text, index)}\n`,
    )
    .join('\n');
}

async function start(kind: ServerKind, changes: Partial<ServerSettings> = {}): Promise<IndexEmulator> {
  const server = await startIndexServer(serverSettings(kind, changes));
  servers.push(server);
  return server;
}

/** A command that notes the run's exit number in a file, and says something. */
const log = (name: string) =>
  `${process.execPath} -e 'require("fs").appendFileSync("${name}", process.env.DUB_EXIT + "\\n"); console.log("good night")'`;

let runs = 0;

/** The arguments of a dub into English, into a file of its own, with nothing kept from others. */
function args(...more: string[]): string[] {
  const name = `out-${++runs}`;
  const words = ['--script', 'talk.es.srt', '--translation', 'en=talk.en.srt', '--from', 'es', '--to', 'en'];
  return [
    'talk.mp4',
    ...words,
    '--tts',
    'indextts',
    '--cache',
    join(folder, name),
    '-o',
    `${name}.mp4`,
    '--work',
    `${name}.dub`,
    ...more,
  ];
}

function call(more: readonly string[], env: Readonly<Record<string, string>>, signals?: EventEmitter) {
  return callDub(args(...more), { cwd: folder, env, ...(signals === undefined ? {} : { signals }) });
}

describe('dub with servers of one’s own', () => {
  it('loses no line and has none spoken twice when one of two servers is killed midway', async () => {
    const [first, second] = [await start('vllm2', { delayMs: 60 }), await start('vllm2', { delayMs: 60 })];
    const program = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));
    const given = args('--json', '--voice', 'server:/srv/voices/anna.wav');
    const child = spawn(process.execPath, [program, ...given], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, INDEXTTS_URL: `${first.url},${second.url}` },
    });
    let stdout = '';
    let killed: Promise<void> | undefined;
    let underWay = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (
        killed !== undefined ||
        !/"type":"line-done","stage":"synthesize"|"stage":"synthesize".*"type":"line-done"/.test(stdout)
      )
        return;
      underWay = first.open;
      killed = first.close();
    });
    const [exit] = (await once(child, 'close')) as [number];
    await killed;
    expect(killed).toBeDefined();
    const summary = jsonLines(stdout).at(-1);
    expect({ exit, summary }).toMatchObject({
      exit: 0,
      summary: { outputs: [{ lines: { total: 4, voiced: 4, failed: 0 } }] },
    });
    const asked = [first, second].flatMap((server) =>
      server.requestsTo('speak').map(({ json }) => (json as { text: string }).text),
    );
    expect(new Set(asked)).toEqual(new Set(texts));
    expect(asked.length).toBeLessThanOrEqual(texts.length + underWay);
    expect([...first.violations, ...second.violations]).toEqual([]);
  });

  it('waits for a server that loads, speaks in the voice asked for, and ends with the command of --after', async () => {
    const key = 'ix-2b7e151628aed2a6';
    const server = await start('vllm1', { key, health: 'sick' });
    const waiting = call(['--wait-ready', '5m', '--voice', 'mia', '--after', log('good.log')], {
      TTS_SERVICE_URL: server.url,
      TTS_API_KEY: key,
    });
    while (server.requestsTo('health').length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    server.settings.health = 'ready';
    const { exit, stderr, stdout } = await waiting;
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(stderr).toContain('Waiting for tts indextts: ');
    expect(stderr).toContain('good night\n');
    expect(stderr).not.toContain('still running');
    expect(await readFile(join(folder, 'good.log'), 'utf8')).toBe('0\n');
    expect(stdout).toMatch(/^\S+\.mp4\n$/);
    expect(stdout + stderr).not.toContain(key);
    const heard = await ffmpeg('-i', stdout.trim(), '-map', '0:a:0', '-ac', '1', '-ar', '16000', '-f', 'f32le', '-');
    const samples = new Float32Array(heard.buffer, heard.byteOffset, heard.length / 4);
    expect(toneInSamples(samples.subarray(0.3 * 16_000, 1.5 * 16_000), 16_000)).toBe(toneOfName('mia'));
    expect(server.violations).toEqual([]);
  });

  it('stops before anything is done when the server is away, loading, or speaks another language', async () => {
    const away = await start('vllm1');
    await away.close();
    const gone = await call([], { INDEXTTS_URL: away.url });
    expect(gone).toMatchObject({ exit: 6, stdout: '' });
    expect(gone.stderr).toContain('the connection was refused');
    const loading = await start('tts-service', { health: 'loading' });
    const early = await call([], { INDEXTTS_URL: loading.url });
    expect(early.exit).toBe(6);
    expect(early.stderr).toContain('the model is not loaded');
    expect(early.stderr).toContain('--wait-ready 15m');
    const old = await start('vllm1');
    const french = await callDub(
      args().map((arg) => arg.replace(/^en(?==|$)/, 'fr')),
      { cwd: folder, env: { INDEXTTS_URL: old.url } },
    );
    expect(french.exit).toBe(5);
    expect(french.stderr).toContain('does not speak French (fr)');
    expect([away, loading, old].flatMap((server) => server.requestsTo('speak'))).toEqual([]);
    const unset = await call([], {});
    expect(unset.exit).toBe(2);
    expect(unset.stderr).toContain('Set INDEXTTS_URL');
  });
});

describe('--after', () => {
  it('runs also when the run has failed or was interrupted, and leaves the exit number as it is', async () => {
    const server = await start('vllm1');
    server.fail('speak', { status: 401, message: 'no', times: Infinity });
    const refused = await call(['--after', log('after.log')], { INDEXTTS_URL: server.url });
    expect(refused.exit).toBe(5);
    const signals = new EventEmitter();
    const slow = await start('vllm1', { delayMs: 60_000 });
    const stopped = call(['--after', log('after.log')], { INDEXTTS_URL: slow.url }, signals);
    while (slow.requestsTo('speak').length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    signals.emit('SIGINT');
    expect((await stopped).exit).toBe(130);
    expect(await readFile(join(folder, 'after.log'), 'utf8')).toBe('5\n130\n');
  });

  it('says when the command fails, and that the server runs on', async () => {
    const server = await start('tts-service', { health: 'loading' });
    const { exit, stderr } = await call(['--wait-ready', '1s', '--after', 'no-such-program --now'], {
      INDEXTTS_URL: server.url,
    });
    expect(exit).toBe(6);
    expect(stderr).toContain('warning: --after no-such-program --now: there is no such program.\n');
    const host = server.url.replace('http://', '');
    expect(stderr).toContain(
      `The server ${host} is still running. Stop it when nobody needs it; --after COMMAND can do that.\n`,
    );
  });

  it('is not run by a plan, nor read by a shell', async () => {
    const server = await start('vllm1');
    const planned = await call(['--after', log('plan.log'), '--dry-run'], { INDEXTTS_URL: server.url });
    expect(planned.exit).toBe(0);
    await expect(readFile(join(folder, 'plan.log'))).rejects.toThrow();
    const shelled = await call(['--after', 'sync; poweroff'], { INDEXTTS_URL: server.url });
    expect(shelled).toMatchObject({ exit: 2, stderr: expect.stringContaining('no shell reads it') });
  });
});

describe('what is said of it', () => {
  it('doctor, providers and voices tell what each server is', async () => {
    const server = await start('tts-service');
    const env = { INDEXTTS_URL: server.url };
    const host = server.url.replace('http://', '');
    const doctor = await callDub(['doctor'], { cwd: folder, env });
    expect(doctor.stdout).toMatch(new RegExp(`ok +tts:indextts +${host}: tts-service, IndexTTS-2`));
    const providers = await callDub(['providers'], { cwd: folder, env });
    expect(providers.stdout).toContain(`${host}: tts-service, IndexTTS-2`);
    const voices = await callDub(['voices', '--tts', 'indextts'], { cwd: folder, env });
    expect(voices.stdout).toMatch(/indextts +default +zh en/);
    const check = await callDub(['providers', 'check', 'tts:indextts'], { cwd: folder, env });
    expect(check).toMatchObject({ exit: 0, stdout: expect.stringContaining('tts:indextts is ready') });
    const paths = await callDub(['voices', '--tts', 'indextts'], {
      cwd: folder,
      env: { INDEXTTS_URL: (await start('vllm2')).url },
    });
    expect(paths).toMatchObject({ exit: 5, stderr: expect.stringContaining('--voice server:/srv/voices/a.wav') });
    const samples = await callDub(['voices', '--tts', 'indextts'], {
      cwd: folder,
      env: { INDEXTTS_URL: (await start('gradio')).url },
    });
    expect(samples).toMatchObject({ exit: 0, stderr: expect.stringContaining('--voice A=anna.wav') });
    const none = await callDub(['doctor'], { cwd: folder });
    expect(none.stdout).toContain('no server is named');
    expect(server.violations).toEqual([]);
  });

  it('a config file that was only found may not send words and keys to a server of its own', async () => {
    const home = join(folder, 'downloads');
    await mkdir(home);
    for (const content of [
      'tts: "openai:x@https://evil.example/v1"',
      'providers: {"tts:indextts": {url: "https://evil.example"}}',
      'after: "rm -r x"',
    ]) {
      await writeFile(join(home, '.dubbingrc'), content);
      const { exit, stderr } = await callDub(['voices', '--tts', 'indextts'], { cwd: home, home: folder });
      const run = await callDub(
        ['../talk.mp4', '--to', 'en', '--script', '../talk.es.srt', '--translation', '../talk.en.srt'],
        { cwd: home, home: folder },
      );
      expect([exit, run.exit]).toContain(2);
      expect(stderr + run.stderr).toContain('was only found, not named');
    }
  });
});
