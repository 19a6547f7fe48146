import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runEvent } from '../../src/pipeline/events.js';
import { type CompletionsEmulator, keyOf, startCompletions } from '../emulators/completions/server.js';
import { decodeSound } from '../emulators/dashscope/ear.js';
import { type IndexEmulator, serverSettings, startIndexServer } from '../emulators/indextts/server.js';
import { type S3Emulator, s3Account, startS3 } from '../emulators/s3/server.js';
import { keys, startVolcengine, type VolcengineEmulator } from '../emulators/volcengine/server.js';
import { ear, makeTalk } from '../providers/asr/qwen.support.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../support/media.js';

const lines = [
  { text: 'Good evening, everybody, and welcome to the show.', zh: '大家晚上好，欢迎收看节目。' },
  { text: 'Tell us about the weather in Scotland.', zh: '请说说苏格兰的天气。' },
];

let folder: string;
let volcengine: VolcengineEmulator;
let glm: CompletionsEmulator;
let indexTts: IndexEmulator;
let s3: S3Emulator;

beforeAll(async () => {
  folder = await makeFolder();
  const talk = await makeTalk(lines.map(({ text }) => ({ text, afterMs: 900 })));
  const [samples] = (await decodeSound(await readFile(talk.path)))!;
  const audio = [{ samples: samples!, sampleRate: 16_000 }];
  await makeMedia(folder, { name: 'talk.mp4', seconds: talk.durationMs / 1000, audio });
  const translate = (text: string) => lines.find((line) => line.text === text)?.zh ?? '不知道';
  [volcengine, glm, indexTts, s3] = await Promise.all([
    startVolcengine(ear),
    startCompletions('glm', { translate }),
    startIndexServer(serverSettings('tts-service')),
    startS3(),
  ]);
});

afterAll(async () => {
  await Promise.all([volcengine, glm, indexTts, s3].map((one) => one.close()));
  await removeFolder(folder);
});

it('one word goes back to Volcengine, GLM, IndexTTS and MinIO, each under its old variables', async () => {
  const endpoint = new URL(s3.url);
  const env = {
    VOLCENGINE_ASR_APP_KEY: keys.appKey,
    VOLCENGINE_ASR_ACCESS_KEY: keys.accessKey,
    GLM_API_KEY: keyOf('glm')!,
    GLM_BASE_URL: glm.url,
    TTS_SERVICE_URL: indexTts.url,
    MINIO_ENDPOINT: endpoint.host,
    MINIO_BUCKET: s3Account.bucket,
    MINIO_ACCESS_KEY: s3Account.accessKeyId,
    MINIO_SECRET_KEY: s3Account.secretAccessKey,
    VOLCENGINE_BASE_URL: volcengine.url,
  };
  const args = ['talk.mp4', '--to', 'zh', '--from', 'en', '--profile', 'legacy', '--json'];
  const { exit, stdout, stderr } = await callDub(args, { cwd: folder, env });
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const summary = runEvent.parse(jsonLines(stdout).at(-1));
  expect(summary).toMatchObject({ outputs: [{ language: 'zh', lines: { total: 2, voiced: 2, failed: 0 } }] });
  expect(runEvent.parse(jsonLines(stdout)[0])).toMatchObject({
    providers: { asr: 'volcengine', translator: 'glm', tts: 'indextts', store: 's3' },
  });
  expect([volcengine.paid, volcengine.violations, glm.violations, s3.violations]).toEqual([1, [], [], []]);
  // What was stored for recognition is taken away again.
  expect(s3.requests('PUT')).toBe(1);
  expect(s3.objects.size).toBe(0);
  for (const secret of [keys.accessKey, keyOf('glm')!, s3Account.secretAccessKey]) {
    expect(stdout + stderr).not.toContain(secret);
  }
});
