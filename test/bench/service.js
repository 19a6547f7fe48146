// The service row: how near a job comes to what Model Studio itself takes. Both sides are the emulators' speeds, so the
// row tells of this tool and never of the service.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The service as the row has it: recognition so many times real time, ms per call, and voice requests a minute. */
const speeds = { recognition: 60, chatMs: 3000, voiceMs: 1200, voiceShare: 0.15, requestsPerMinute: 180 };

/** About what a line of the film takes to say, ms. */
const lineMs = 4400;

/**
 * What the job cannot be faster than, ms: recognition of the whole file; reading the script for its terms and the first
 * batch of lines, one after the other; then one voice after another as the rate allows, and the last one's own time.
 */
function criticalPathMs({ seconds, lines }) {
  const recognise = (seconds * 1000) / speeds.recognition;
  const translate = 2 * speeds.chatMs;
  const voice = ((lines - 1) * 60_000) / speeds.requestsPerMinute + speeds.voiceMs + speeds.voiceShare * lineMs;
  return { recognise, translate, voice, ms: recognise + translate + voice };
}

/** Dubs the film against the emulators until its last line is voiced; what follows is measured by the other rows. */
export async function serviceRow({ root, folder, material, minutes, lines }) {
  const emulator = await startEmulator(root, material);
  const env = { ...process.env, ...emulator.env, DUBBING_CACHE: join(folder, 'service-cache') };
  const output = join(folder, 'service.mp4');
  const args = [join(root, 'bin', 'dub.js'), material.film, '--to', 'es', '--json', '--force', '-o', output];
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stages = {};
  const firsts = {};
  let problem = '';
  child.stderr.on('data', (chunk) => (problem += chunk));
  const closed = new Promise((resolve) => child.once('close', resolve));
  let voicedMs;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line);
    if (event.type === 'line-done') firsts[event.stage] ??= performance.now() - startedAt;
    if (event.type !== 'stage-end') continue;
    stages[event.stage] ??= { endMs: performance.now() - startedAt, ms: event.ms };
    if (event.stage !== 'synthesize') continue;
    voicedMs = performance.now() - startedAt;
    child.kill('SIGINT');
  }
  await closed;
  const totals = await emulator.stop();
  if (voicedMs === undefined) throw new Error(`The service row ended before its last line was voiced.\n${problem}`);
  const least = criticalPathMs({ seconds: material.seconds, lines });
  return {
    minutes,
    lines,
    ms: voicedMs,
    leastMs: least.ms,
    ratio: voicedMs / least.ms,
    aim: 1.1,
    least,
    stages,
    /** When each stage had its first line, ms. */
    firsts,
    totals,
  };
}

async function startEmulator(root, { script, translation }) {
  const speed = [
    '--recognition-speed',
    speeds.recognition,
    '--chat-ms',
    speeds.chatMs,
    '--rpm',
    speeds.requestsPerMinute,
  ];
  const voice = ['--voice-ms', speeds.voiceMs, '--voice-share', speeds.voiceShare];
  const film = ['--recite', script, '--translation', `es=${translation}`, '--quiet'];
  const main = join(root, '.emulators', 'test', 'emulators', 'by-hand', 'main.js');
  const child = spawn(process.execPath, [main, ...[...speed, ...voice, ...film].map(String)], { cwd: root });
  let told = '';
  child.stderr.on('data', (chunk) => (told += chunk));
  const env = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) env[name] = value;
    if (name === 'DASHSCOPE_BASE_URL') break;
  }
  if (env.DASHSCOPE_BASE_URL === undefined) throw new Error(`The emulator did not start.\n${told}`);
  return {
    env,
    async stop() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
      return /^Requests: (.*)$/m.exec(told)?.[1] ?? '';
    },
  };
}
