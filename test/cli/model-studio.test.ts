import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runEvent } from '../../src/pipeline/events.js';
import { asr, asrSettings } from '../emulators/dashscope/asr.js';
import { chat } from '../emulators/dashscope/chat.js';
import { decodeSound } from '../emulators/dashscope/ear.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { tts } from '../emulators/dashscope/tts.js';
import { ear, makeTalk } from '../providers/asr/qwen.support.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, probeJson, removeFolder } from '../support/media.js';

/** What is said in the film, by two people in turn, and what the translator makes of it. */
const lines: readonly { readonly text: string; readonly es: string; readonly zh: string; readonly ja: string }[] = [
  {
    text: 'Good evening, everybody, and welcome to the show.',
    es: 'Buenas noches a todos y bienvenidos al programa.',
    zh: '大家晚上好，欢迎。',
    ja: 'みなさん、こんばんは。ようこそ。',
  },
  {
    text: 'Thank you, it is a pleasure to be here tonight.',
    es: 'Gracias, es un placer estar aquí esta noche.',
    zh: '谢谢，我很高兴。',
    ja: 'ありがとうございます。うれしいです。',
  },
  {
    text: 'Tell us about the weather in Scotland.',
    es: 'Háblenos del tiempo en Escocia.',
    zh: '天气怎么样？',
    ja: 'スコットランドのてんきは？',
  },
];

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = await makeFolder();
  const talk = await makeTalk(lines.map(({ text }, index) => ({ text, afterMs: 900, speaker: index % 2 })));
  const [samples] = (await decodeSound(await readFile(talk.path)))!;
  await makeMedia(folder, {
    name: 'talk.mp4',
    seconds: talk.durationMs / 1000,
    audio: [{ samples: samples!, sampleRate: 16_000 }],
  });
});

beforeEach(async () => {
  // A language that is not in the script shows as its name.
  const translate = (text: string, _: string, target: string) =>
    lines.find((line) => line.text === text)?.[target as 'es' | 'zh' | 'ja'] ?? target;
  emulator = await startEmulator({ parts: [asr(ear), chat({ translate }), tts()] });
});

afterEach(() => emulator.close());
afterAll(() => removeFolder(folder));

/** Calls dub with nothing set but a key and the service's address. */
function call(args: readonly string[], key = defaultKey, more: Readonly<Record<string, string>> = {}) {
  const env = { DASHSCOPE_API_KEY: key, DASHSCOPE_BASE_URL: emulator.url, ...more };
  return callDub(args, { cwd: folder, env });
}

/** Every file under the folder, whole. */
async function filesOf(path: string): Promise<Buffer[]> {
  const found = await readdir(path, { recursive: true, withFileTypes: true });
  return Promise.all(found.filter((one) => one.isFile()).map((one) => readFile(join(one.parentPath, one.name))));
}

it('a key and an address are all it takes to dub a film', async () => {
  const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'es', '--json']);
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const summary = runEvent.parse(jsonLines(stdout).at(-1));
  const outputs = summary.type === 'summary' ? summary.outputs : [];
  expect(outputs).toMatchObject([
    { language: 'es', path: join(folder, 'talk.es.mp4'), lines: { total: 3, voiced: 3 } },
  ]);
  const gates = outputs[0]?.verdict?.gates.filter(({ judges }) => judges === 'file') ?? [];
  expect(gates.length).toBeGreaterThan(5);
  expect(gates.filter(({ passed }) => !passed)).toEqual([]);

  const { streams } = await probeJson(join(folder, 'talk.es.mp4'));
  expect(streams.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio', 'audio', 'subtitle']);
  const written = await filesOf(folder);
  expect(written.length).toBeGreaterThan(5);
  expect(written.filter((content) => content.includes(defaultKey))).toEqual([]);
  expect(written.some((content) => content.includes('Háblenos del tiempo en Escocia.'))).toBe(true);
  expect(stdout + stderr).not.toContain(defaultKey);

  expect(emulator.violations).toEqual([]);
  expect(emulator.requestsTo('asr.submit')).toHaveLength(1);
  expect(emulator.requestsTo('tts')).toHaveLength(3);
});

it('speakers are told apart by a model that can, once for two targets, and get voices of their own', async () => {
  const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'zh,ja', '--speakers', 'auto', '--json']);
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const summary = runEvent.parse(jsonLines(stdout).at(-1));
  expect(summary).toMatchObject({ outputs: [{ language: 'zh' }, { language: 'ja' }] });
  expect(emulator.requestsTo('asr.submit').map(({ json }) => json)).toMatchObject([{ model: 'fun-asr' }]);
  const voices = emulator.requestsTo('tts').map(({ json }) => (json as { input: { voice: string } }).input.voice);
  expect(voices).toHaveLength(6);
  expect(new Set(voices).size).toBeGreaterThan(1);
  const order = jsonLines(stdout).map((line) => runEvent.parse(line));
  const at = (type: string, stage: string, language: string) =>
    order.findIndex(
      (event) => event.type === type && 'stage' in event && event.stage === stage && event.language === language,
    );
  // The second target is voiced while the first is made ready.
  expect(at('stage-start', 'translate', 'ja')).toBeLessThan(at('stage-end', 'mix', 'zh'));
  expect(at('stage-start', 'translate', 'ja')).toBeGreaterThan(at('stage-end', 'synthesize', 'zh'));
  expect(emulator.violations).toEqual([]);
});

it('what the user says of the film goes along, and requests that are made again are told of', async () => {
  emulator.fail('tts', { status: 429, code: 'Throttling.RateQuota', retryAfter: 1 });
  emulator.fail('chat', { status: 500, code: 'InternalError' });
  emulator.fail('upload.policy', { status: 503, code: 'ServiceUnavailable' });
  emulator.fail('upload.post', { status: 403, code: 'AccessDenied' });
  emulator.fail('task.query', { status: 500, code: 'InternalError' });
  await writeFile(join(folder, 'terms.csv'), 'en,es\nWales,Gales\n');
  const told = ['--context', 'a talk show about the weather', '--glossary', 'terms.csv'];
  const args = ['talk.mp4', '--to', 'es', '--json', '--verbose', '-o', 'again.mp4', ...told];
  const { exit, stdout, stderr } = await call(args, defaultKey, { DUBBING_CACHE: join(folder, 'empty') });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const retries = jsonLines(stdout).flatMap((line) => {
    const event = runEvent.parse(line);
    return event.type === 'provider-retry' ? [event] : [];
  });
  expect(retries.map(({ stage, provider, attempt, code }) => ({ stage, provider, attempt, code }))).toEqual([
    { stage: 'transcribe', provider: 'dashscope', attempt: 2, code: 'PROVIDER_BUSY' },
    { stage: 'transcribe', provider: 'dashscope', attempt: 2, code: 'PROVIDER_AUTH' },
    { stage: 'transcribe', provider: 'qwen', attempt: 2, code: 'PROVIDER_BAD_REPLY' },
    { stage: 'translate', provider: 'qwen', attempt: 2, code: 'PROVIDER_BAD_REPLY' },
    { stage: 'synthesize', provider: 'qwen', attempt: 2, code: 'PROVIDER_BUSY' },
  ]);
  expect(retries.at(-1)?.waitMs).toBeGreaterThanOrEqual(1000);
  const log = await readFile(join(folder, 'talk.dub', 'events.ndjson'), 'utf8');
  expect(log.split('\n').filter((line) => line.includes('"provider-retry"'))).toHaveLength(5);
  expect(stderr).toContain('synthesize: qwen said PROVIDER_BUSY; attempt 2 in');
  const prompt = JSON.stringify(emulator.requestsTo('chat').at(-1)?.json);
  expect(prompt).toContain('What the video is: a talk show about the weather');
  expect(prompt).toMatch(/Glossary.*Wales.*Gales/);
});

it('a key of another region ends with exit 5 and a word about regions, and nothing is shown of it', async () => {
  const key = 'sk-22222222222222222222222222222222';
  const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'es', '-o', 'refused.mp4'], key);
  expect({ exit, stdout }).toEqual({ exit: 5, stdout: '' });
  expect(stderr).toContain("name the key's region with --dashscope-region");
  const written = await filesOf(folder);
  expect(stderr).not.toContain(key);
  expect(written.filter((content) => content.includes(key))).toEqual([]);
  expect(emulator.violations).toEqual([]);
});

it('a film that is in the target language already keeps its words in a new voice, and says so', async () => {
  const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'en', '--json']);
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const summary = runEvent.parse(jsonLines(stdout).at(-1));
  expect(summary).toMatchObject({ outputs: [{ language: 'en', lines: { total: 3, voiced: 3 } }] });
  expect(JSON.stringify(summary)).toContain('The speech is English (en) already: its own words are voiced');
  expect(emulator.requestsTo('chat')).toEqual([]);
  const said = emulator.requestsTo('tts').map(({ json }) => (json as { input: { text: string } }).input.text);
  expect(said.sort()).toEqual(lines.map(({ text }) => text).sort());
});

it('the first lines are translated while later pieces of the sound are still being recognised', async () => {
  const said = ['First of all, good evening.', 'Then there is the weather.', 'After that we talk of books.'];
  said.push('The last guest is a singer.', 'And this is the end of it.');
  const talk = await makeTalk(said.map((text) => ({ text, afterMs: 4600 })));
  const [samples] = (await decodeSound(await readFile(talk.path)))!;
  const audio = [{ samples: samples!, sampleRate: 16_000 }];
  await makeMedia(folder, { name: 'pieces.m4a', seconds: talk.durationMs / 1000, video: false, audio });
  await writeFile(join(folder, '.dubbingrc.json'), JSON.stringify({ providers: { 'asr:qwen': { concurrency: 1 } } }));
  await emulator.close();
  const slow = asrSettings({ latency: { pendingMs: 700, perAudioMs: 0 } });
  emulator = await startEmulator({ parts: [asr(ear, slow), chat(), tts()] });
  const chosen = ['--asr', 'qwen:qwen3-asr-flash', '--store', 'none', '--to', 'es', '--json'];
  const { exit, stdout, stderr } = await call(['pieces.m4a', ...chosen]);
  await rm(join(folder, '.dubbingrc.json'));
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  expect(emulator.violations).toEqual([]);
  const heard = emulator.requestsTo('asr.call');
  expect(heard).toHaveLength(said.length);
  const asked = emulator.requestsTo('chat').filter(({ status }) => status === 200);
  expect(asked[0]!.atMs).toBeLessThan(heard.at(-1)!.atMs);
  const ids = asked.flatMap(({ body }) => [...new Set(body.toString().match(/u000\d/g))]);
  expect(ids.toSorted()).toEqual(['u0001', 'u0002', 'u0003', 'u0004', 'u0005']);
  const done = jsonLines(stdout).flatMap((line) => {
    const event = runEvent.parse(line);
    return event.type === 'line-done' && event.stage === 'translate' ? [event.kept] : [];
  });
  expect(done).toEqual([false, false, false, false, false]);
});
