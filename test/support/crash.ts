import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { asr } from '../emulators/dashscope/asr.js';
import { chat } from '../emulators/dashscope/chat.js';
import { decodeSound } from '../emulators/dashscope/ear.js';
import { defaultKey, type Emulator, startEmulator } from '../emulators/dashscope/server.js';
import { tts, ttsSettings } from '../emulators/dashscope/tts.js';
import { ear, makeTalk } from '../providers/asr/qwen.support.js';
import { jsonLines } from './command.js';
import { ffmpeg, makeMedia } from './media.js';

/** What is said in the film, and its translation. */
const lines: readonly (readonly [string, string])[] = [
  ['Good evening, everybody, and welcome to the show.', 'Buenas noches a todos y bienvenidos al programa.'],
  ['Tell us about the weather in Scotland.', 'Háblenos del tiempo en Escocia.'],
  ['He was not an ill-disposed young man.', 'No era un joven de mala índole.'],
  ['His wife was a strong caricature of himself.', 'Su mujer era una caricatura de él mismo.'],
];

/** What a test may make of the script. */
const reworded: readonly (readonly [string, string])[] = [
  ['He was a good young man.', 'Era un joven de buena índole.'],
];

/** Endpoints of the emulator that cost money. */
const paidEndpoints = ['asr.submit', 'chat', 'tts'];

const command = fileURLToPath(new URL('../../bin/dub.js', import.meta.url));

/** How a call of the command ended. */
export interface CrashRun {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A film, the service, and folders that a run can be killed in. */
export interface Ground {
  readonly folder: string;
  readonly emulator: Emulator;
  readonly output: string;
  readonly work: string;
  readonly cache: string;
  /** Removes everything that runs have left, and forgets what the service was asked. */
  reset(): Promise<void>;
  /** Runs the command with these arguments alone. */
  call(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CrashRun>;
  /** Dubs the film, to the end. */
  run(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<CrashRun>;
  /** Runs the command and kills it `afterMs` after it has begun a stage. @returns names of what it was buying then */
  runAndKill(stage: string, afterMs: number, args?: readonly string[]): Promise<readonly string[]>;
  /** Leaves what the service was asked so far out of the ledger. */
  forget(): void;
  /** How often each paid request was answered, by its body. */
  ledger(): ReadonlyMap<string, number>;
  /** The dub's sound, decoded. */
  sound(): Promise<Buffer>;
}

/** Makes the film and starts the service, slow enough to be killed in. */
export async function makeGround(folder: string): Promise<Ground> {
  const talk = await makeTalk(lines.map(([text], index) => ({ text, afterMs: 450, speaker: index % 2 })));
  const [samples] = (await decodeSound(await readFile(talk.path)))!;
  const audio = [{ samples: samples!, sampleRate: 16_000 }];
  await makeMedia(folder, { name: 'talk.mp4', seconds: talk.durationMs / 1000, audio });
  // Two lines in a request and a short wait between questions: many moments to be killed in, little time.
  const providers = {
    'asr:qwen': { pollMs: 50 },
    'storage:dashscope': { pollMs: 50 },
    'translation:qwen': { maxLines: 2 },
  };
  await writeFile(join(folder, '.dubbingrc.json'), JSON.stringify({ providers }));
  const translate = (text: string) => [...lines, ...reworded].find(([english]) => english === text)?.[1] ?? 'es';
  const settings = ttsSettings({ latency: { baseMs: 60, perAudioMs: 0.02 } });
  const emulator = await startEmulator({ parts: [asr(ear), chat({ translate }), tts(settings)], latencyMs: 15 });
  const [output, work, cache] = [join(folder, 'talk.es.mp4'), join(folder, 'talk.dub'), join(folder, 'cache')];
  let since = 0;
  const start = (args: readonly string[], env?: NodeJS.ProcessEnv) =>
    startAny(['talk.mp4', '--to', 'es', '--speakers', '2', '--json', ...args], env);
  const startAny = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const all = [command, ...args];
    const secrets = { DASHSCOPE_API_KEY: defaultKey, DASHSCOPE_BASE_URL: emulator.url };
    return watch(
      spawn(process.execPath, all, { cwd: folder, env: { ...cleanEnv(), ...secrets, DUBBING_CACHE: cache, ...env } }),
    );
  };
  return {
    ...{ folder, emulator, output, work, cache },
    async reset() {
      for (const path of [output, work, cache]) await rm(path, { recursive: true, force: true });
      since = emulator.requests.length;
    },
    forget() {
      since = emulator.requests.length;
    },
    call: (args, env) => startAny(args, env).ended,
    run: (args = [], env) => start(args, env).ended,
    async runAndKill(stage, afterMs, args = []) {
      const { child, ended, begun } = start(['--force', ...args]);
      await Promise.race([begun(stage).then(() => sleep(afterMs)), ended]);
      // Stopped first, so that what it is buying can be looked at before it is dead.
      child.kill('SIGSTOP');
      const claims = await readdir(join(cache, 'claims')).catch(() => []);
      child.kill('SIGKILL');
      await ended;
      return child.signalCode === 'SIGKILL' ? claims : [];
    },
    ledger() {
      const counts = new Map<string, number>();
      for (const request of emulator.requests.slice(since)) {
        if (!paidEndpoints.includes(request.endpoint) || request.status !== 200) continue;
        const body = `${request.endpoint} ${request.body.toString().replace(/oss:\/\/[^"]*/, 'oss')}`;
        counts.set(body, (counts.get(body) ?? 0) + 1);
      }
      return counts;
    },
    sound: () => ffmpeg('-i', output, '-map', '0:a:0', '-f', 's16le', '-'),
  };
}

/** Answers beyond the first to each request, all together. */
export function answeredTwice(ledger: ReadonlyMap<string, number>): number {
  return [...ledger.values()].reduce((sum, count) => sum + count - 1, 0);
}

/** A stream of numbers in [0, 1) that is the same for the same seed (a 32-bit linear congruential generator). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How long each stage took, by its name. */
export function stageTimes({ stdout }: CrashRun): ReadonlyMap<string, number> {
  const ends = jsonLines(stdout).filter(({ type }) => type === 'stage-end');
  return new Map(ends.map(({ stage, ms }) => [String(stage), Number(ms)]));
}

function watch(child: ChildProcess) {
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout!.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const look of waiting) look();
  });
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(
    ([exit, signal]): CrashRun => ({
      exit: exit as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout,
      stderr,
    }),
  );
  const begun = (stage: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (stdout.includes(`"type":"stage-start","stage":"${stage}"`)) resolve();
      };
      waiting.add(look);
      look();
    });
  return { child, ended, begun };
}

function cleanEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG };
}
