import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jsonLines } from '../../support/command.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { type PaidTalk, startPaidTalk } from '../money/support.js';

let folder: string;
let talk: PaidTalk;

beforeEach(async () => {
  folder = await makeFolder();
  talk = await startPaidTalk(folder, (text) => text);
});

afterEach(async () => {
  await talk.close();
  await removeFolder(folder);
});

const words = ['--script', 'talk.en.srt', '--translation', 'es=talk.es.srt'];

interface Told {
  readonly type: string;
  readonly exit?: number;
  readonly outputs?: readonly { readonly fallbacks?: unknown; readonly lines: unknown }[];
}

function summaryOf(stdout: string): Told {
  return jsonLines(stdout).at(-1) as unknown as Told;
}

it('a refused line is voiced by the next engine, the others by the first, and exit 8 says so', async () => {
  talk.emulator.fail('tts', {
    status: 400,
    code: 'DataInspectionFailed',
    message: 'Output data may contain inappropriate content.',
  });
  const { exit, stdout } = await talk.call('talk.mp4', '--to', 'es', ...words, '--tts', 'qwen,espeak-ng', '--json');
  expect(exit).toBe(8);
  const events = jsonLines(stdout);
  const [change, ...more] = events.filter(({ type }) => type === 'provider-fallback');
  expect(more).toEqual([]);
  expect(change).toMatchObject({
    stage: 'synthesize',
    language: 'es',
    from: 'qwen',
    to: 'espeak-ng',
    code: 'PROVIDER_REFUSED',
  });
  const lines = (change as { utteranceIds?: string[] }).utteranceIds;
  expect(summaryOf(stdout).outputs).toMatchObject([
    {
      lines: { total: 5, voiced: 5, failed: 0 },
      fallbacks: [{ stage: 'synthesize', language: 'es', from: 'qwen', to: 'espeak-ng', utteranceIds: lines }],
    },
  ]);
  const record = JSON.parse(await readFile(join(folder, 'talk.dub', 'run.json'), 'utf8')) as Told;
  expect(record.outputs?.[0]?.fallbacks).toMatchObject([{ from: 'qwen', to: 'espeak-ng', utteranceIds: lines }]);

  const again = await talk.call('talk.mp4', '--to', 'es', ...words, '--tts', 'qwen,espeak-ng', '--force');
  expect(again.exit).toBe(8);
  expect(again.stderr).toContain(`by another engine: line ${lines?.[0]} voiced by espeak-ng instead of qwen`);
});

it('a voice that was named has no understudy', async () => {
  talk.emulator.fail('tts', {
    status: 400,
    code: 'DataInspectionFailed',
    message: 'Output data may contain inappropriate content.',
  });
  const call = ['talk.mp4', '--to', 'es', ...words, '--tts', 'qwen,espeak-ng', '--voice', 'Cherry', '--json'];
  const { exit, stdout } = await talk.call(...call);
  expect(exit).toBe(8);
  expect(jsonLines(stdout).filter(({ type }) => type === 'provider-fallback')).toEqual([]);
  expect(summaryOf(stdout).outputs).toMatchObject([{ lines: { total: 5, voiced: 4, failed: 1 } }]);
});

it('an account that is refused is asked once; everything goes on with the next engine of every stage', async () => {
  for (const endpoint of ['tts', 'chat']) {
    talk.emulator.fail(endpoint, { times: Infinity, status: 400, code: 'Arrearage', message: 'Access denied.' });
  }
  // The five lines are fewer than are asked side by side by default.
  await writeFile(join(folder, '.dubbingrc'), '{"providers": {"tts:qwen": {"concurrency": 2}}}');
  const chain = ['--translator', 'qwen,apertium', '--tts', 'qwen,espeak-ng'];
  const { exit, stdout } = await talk.call('talk.mp4', '--to', 'es', '--script', 'talk.en.srt', ...chain, '--json');
  expect(exit).toBe(8);
  expect(summaryOf(stdout).outputs).toMatchObject([
    {
      lines: { total: 5, voiced: 5, failed: 0 },
      fallbacks: [
        { stage: 'translate', from: 'qwen', to: 'apertium' },
        { stage: 'synthesize', from: 'qwen', to: 'espeak-ng' },
      ],
    },
  ]);
  expect(talk.emulator.requestsTo('chat').length).toBe(1);
  expect(talk.emulator.requestsTo('tts').length).toBeLessThanOrEqual(2);
});

it('a film that one recogniser refuses is heard by the next, and an engine that is not there is passed over and said', async () => {
  talk.emulator.fail('asr.submit', { times: Infinity, status: 400, code: 'Arrearage', message: 'Access denied.' });
  const chains = ['--asr', 'qwen,pocketsphinx', '--translator', 'apertium', '--tts', 'say,espeak-ng'];
  const { exit, stdout } = await talk.call('talk.mp4', '--to', 'es', '--from', 'en', ...chains, '--json');
  expect(exit).toBe(8);
  expect(summaryOf(stdout).outputs).toMatchObject([
    {
      fallbacks: [
        { stage: 'transcribe', from: 'qwen', to: 'pocketsphinx', utteranceIds: [] },
        { stage: 'synthesize', from: 'say', to: 'espeak-ng' },
      ],
    },
  ]);
  expect(jsonLines(stdout).filter(({ type }) => type === 'provider-fallback')).toMatchObject([
    { stage: 'transcribe', from: 'qwen', to: 'pocketsphinx', code: 'PROVIDER_QUOTA' },
    { stage: 'synthesize', from: 'say', to: 'espeak-ng', code: 'ENGINE_MISSING' },
  ]);
  expect(talk.emulator.requestsTo('asr.submit')).toHaveLength(1);
});

it('an empty place in a chain is refused', async () => {
  expect(await talk.call('talk.mp4', '--to', 'es', ...words, '--tts', 'qwen,')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--tts has an empty place between its commas.'),
  });
});
