// `npm run emulator`: the emulators by hand. stdout has the lines to paste, stderr everything else.
import { readFile } from 'node:fs/promises';
import { asr, asrSettings } from '../dashscope/asr.js';
import { chat } from '../dashscope/chat.js';
import { cosyvoice } from '../dashscope/cosyvoice.js';
import { createEar, type Ear, learnRecording, readScript, type ScriptLine, wordsOf } from '../dashscope/ear.js';
import { defaultKey, type Emulator, type LoggedRequest, startEmulator } from '../dashscope/server.js';
import { tts, ttsSettings } from '../dashscope/tts.js';
import { type IndexEmulator, serverSettings, startIndexServer } from '../indextts/server.js';
import { type OssEmulator, ossKey, startOssEmulator } from '../oss/server.js';
import { createPhraseBook } from './phrase-book.js';
import { readSettings, type Settings, usage } from './settings.js';

const talk = { name: 'fixtures/talk.mp4', srt: 'fixtures/talk.en.srt' };
const talkTranslations = ['es', 'zh', 'ja'].map((name) => ({ name, srt: `fixtures/talk.${name}.srt` }));

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings.help) return void process.stdout.write(usage);
  const emulator = await startModelStudio(settings);
  const oss = settings.oss ? await startOssEmulator() : undefined;
  const servers = await Promise.all(settings.indextts.map((kind) => startIndexServer(serverSettings(kind))));
  tell(emulator, oss, servers);
  await interrupted();
  tellTotals(emulator);
  for (const violation of servers.flatMap((server) => server.violations)) tellViolation(violation);
  await Promise.all([emulator.close(), oss?.close(), ...servers.map((server) => server.close())]);
}

async function startModelStudio(settings: Settings): Promise<Emulator> {
  const { recognitionSpeed, chatMs, voiceMs, voiceShare, requestsPerMinute, faults, port, quiet } = settings;
  const recited = settings.recited === undefined ? undefined : await read(settings.recited);
  const ear = recited === undefined ? createEar() : reciting(recited);
  const book = createPhraseBook();
  const films = await Promise.all(
    [talk, ...settings.films].map(async ({ name, srt }) => ({ name, script: await read(srt) })),
  );
  for (const { name, script } of films) await learnRecording(ear, await readFile(name), script, 'en');
  for (const { name, srt } of talkTranslations) book.learn(films[0]!.script, name, await read(srt));
  const said = recited ?? films.slice(1).flatMap(({ script }) => script);
  for (const { name, srt } of settings.translations) book.learn(said, name, await read(srt));
  const perAudioMs = recognitionSpeed === undefined ? 0 : 1 / recognitionSpeed;
  const emulator = await startEmulator({
    port,
    lenient: /dashscope|python|openai/i,
    ...(quiet ? {} : { onRequest: tellRequest }),
    parts: [
      asr(ear, asrSettings({ latency: { pendingMs: 0, perAudioMs } })),
      chat({ translate: book.translate, latencyMs: chatMs }),
      tts(ttsSettings({ latency: { baseMs: voiceMs, perAudioMs: voiceShare } })),
      cosyvoice(),
    ],
  });
  emulator.limit('tts', { perMinute: requestsPerMinute });
  for (const { endpoint, fault } of faults) emulator.fail(endpoint, fault);
  return emulator;
}

/** Finds its script in any sound, at the script's times: for films that are too long to be listened to. */
function reciting(script: readonly ScriptLine[]): Ear {
  const heard = script.map(({ startMs, endMs, text }) => {
    const clip = { text, language: 'en', samples: new Float32Array(((endMs - startMs) * 16_000) / 1000) };
    const words = wordsOf(clip).map((word) => ({
      ...word,
      startMs: word.startMs + startMs,
      endMs: word.endMs + startMs,
    }));
    return { clip, startMs, endMs, words };
  });
  return { learn: () => undefined, listen: () => heard };
}

async function read(srt: string) {
  return readScript(await readFile(srt, 'utf8'));
}

function tell(emulator: Emulator, oss: OssEmulator | undefined, servers: readonly IndexEmulator[]): void {
  process.stderr.write('Model Studio is emulated on this machine until Ctrl-C. In another terminal:\n\n');
  const lines = [`export DASHSCOPE_API_KEY=${defaultKey}`, `export DASHSCOPE_BASE_URL=${emulator.url}`];
  if (oss !== undefined) {
    const { accessKeyId, accessKeySecret } = ossKey;
    lines.push(`export OSS_ACCESS_KEY_ID=${accessKeyId}`, `export OSS_ACCESS_KEY_SECRET=${accessKeySecret}`);
    lines.push('export OSS_REGION=oss-cn-beijing', 'export OSS_BUCKET=dub-test', `export OSS_ENDPOINT=${oss.url}`);
  }
  if (servers.length > 0) lines.push(`export INDEXTTS_URL=${servers.map(({ url }) => url).join(',')}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  const voices = servers.length === 0 ? '' : ' --tts indextts';
  const store = oss === undefined ? '' : ' --store oss';
  process.stderr.write(`\nnode bin/dub.js fixtures/talk.mp4 --to zh,ja${store}${voices}\n\n`);
}

function tellRequest({ endpoint, method, path, status, fault }: LoggedRequest): void {
  const ended = status ?? (fault?.kind ? `met ${fault.kind}` : 'no answer');
  process.stderr.write(`${new Date().toISOString().slice(11, 23)} ${endpoint.padEnd(14)} ${ended} ${method} ${path}\n`);
}

/** What a person wants to know at the end: how much was asked, and what broke the protocol. */
function tellTotals({ requests, violations }: Emulator): void {
  const counts = new Map<string, number>();
  for (const { endpoint, status } of requests) {
    const name = status === undefined || status < 400 ? endpoint : `${endpoint} ${status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const told = [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
  process.stderr.write(`\nRequests: ${told}\n`);
  for (const violation of violations) tellViolation(violation);
}

function tellViolation(violation: string): void {
  process.stderr.write(`Breach of protocol: ${violation}\n`);
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
});
