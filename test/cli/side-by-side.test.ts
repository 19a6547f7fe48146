import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultKey, type Emulator, type LoggedRequest, startEmulator } from '../emulators/dashscope/server.js';
import { tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

// Real processes under one account's limit, which the service enforces by the second and by the minute. Four here;
// `npm run side-by-side` does it with eight, the account's usual 180 a minute and 100 lines each, and prints the figures.

const full = process.env.SIDE_BY_SIDE !== undefined;
const [perMinute, lines, answerMs] = full ? [180, Number(process.env.SIDE_BY_SIDE), 700] : [300, 6, 40];
const films = full ? ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] : ['a', 'b', 'c', 'd'];
const command = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  folder = await makeFolder();
  const seconds = lines * 2 + 1;
  for (const film of films) {
    await makeMedia(folder, { name: `${film}.m4a`, seconds, video: false });
    for (const [language, text] of [
      ['en', 'Line'],
      ['es', 'Frase'],
    ] as const)
      await writeFile(join(folder, `${film}.${language}.srt`), words(`${text} ${film}`));
  }
  await writeFile(
    join(folder, '.dubbingrc.json'),
    JSON.stringify({ providers: { 'tts:qwen': { requestsPerMinute: perMinute } } }),
  );
  emulator = await startEmulator({ parts: [tts(ttsSettings({ latency: { baseMs: answerMs, perAudioMs: 0 } }))] });
  // On two busy cores the emulator itself is late to count, by more than any network: a sixth is left for that here.
  emulator.limit('tts', { perMinute, perSecond: full ? perMinute / 60 : perMinute / 50 });
});

afterAll(async () => {
  await emulator.close();
  await removeFolder(folder);
});

/** Cues of one second, two seconds apart, no two alike: equal lines would be bought once. */
function words(text: string): string {
  const clock = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(11, 19)},000`;
  const cues = Array.from({ length: lines }, (_, line) => {
    const start = line * 2;
    return `${line + 1}\n${clock(start)} --> ${clock(start + 1)}\n${text} ${line + 1}.\n`;
  });
  return cues.join('\n');
}

function start(film: string): { readonly child: ChildProcess; readonly ended: Promise<number | string> } {
  const args = ['--to', 'es', '--script', `${film}.en.srt`, '--translation', `${film}.es.srt`, '--tts', 'qwen', '-q'];
  const env = { ...process.env, DUBBING_CACHE: join(folder, 'cache'), HOME: folder };
  const service = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url };
  const child = spawn(process.execPath, [command, `${film}.m4a`, '--skip-finished', ...args], {
    cwd: folder,
    env: { ...env, ...service },
    stdio: 'ignore',
  });
  return { child, ended: once(child, 'close').then(([exit, signal]) => (signal ?? exit) as number | string) };
}

function textOf({ json }: LoggedRequest): string {
  return (json as { input: { text: string } }).input.text;
}

function filmOf(request: LoggedRequest): string {
  return /Frase (\w)/.exec(textOf(request))?.[1] ?? '';
}

function askedBy(film: string): readonly LoggedRequest[] {
  return emulator.requestsTo('tts').filter((request) => filmOf(request) === film);
}

it('processes side by side stay inside one limit, each with its share, and one that is killed goes on later', async () => {
  const startedAt = performance.now();
  const running = films.map(start);
  while (askedBy('a').length < 3) await sleep(10);
  running[0]!.child.kill('SIGKILL');
  const again = running[0]!.ended.then(() => start('a').ended);
  const ends = await Promise.all([...running.map(({ ended }) => ended), again]);
  const tookMs = performance.now() - startedAt;
  expect(ends).toEqual(['SIGKILL', ...films.map(() => 0)]);

  const asked = emulator.requestsTo('tts');
  expect(asked.filter(({ status }) => status === 429)).toHaveLength(0);
  for (const film of films.slice(1)) expect(askedBy(film)).toHaveLength(lines);
  // What was on its way into the store at the kill is asked for again, and nothing more than once again.
  const texts = askedBy('a').map(textOf);
  const times = [...new Set(texts)].map((text) => texts.filter((other) => other === text).length);
  expect(times).toHaveLength(lines);
  expect(Math.max(...times)).toBeLessThanOrEqual(2);
  expect(emulator.violations).toEqual([]);
  // From when the last has begun to when the first is done, everybody has had about as many turns.
  const others = films.slice(1);
  const begun = Math.max(...others.map((film) => asked.indexOf(askedBy(film)[0]!)));
  const done = Math.min(...others.map((film) => asked.indexOf(askedBy(film).at(-1)!)));
  const shared = asked.slice(begun + 1, done);
  const shares = others.map((film) => shared.filter((request) => filmOf(request) === film).length);
  expect(Math.min(...shares)).toBeGreaterThanOrEqual(Math.floor(shared.length / films.length / 2));
  if (full) report(asked, shares, tookMs);
});

function report(asked: readonly LoggedRequest[], shares: readonly number[], tookMs: number): void {
  const floorMs = (asked.length / perMinute) * 60_000;
  const askingMs = asked.at(-1)!.atMs - asked[0]!.atMs;
  const figures = { perMinute, requests: asked.length, refused: asked.filter(({ status }) => status === 429).length };
  const ratios = { floorMs, askingMs, asking: askingMs / floorMs, tookMs, whole: tookMs / floorMs };
  console.log(JSON.stringify({ ...figures, ...ratios, shares }));
}
