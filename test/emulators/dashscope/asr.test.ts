import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bench, dialogue, ear, makeTalk, story, type Talk } from '../../providers/asr/qwen.support.js';
import { calm } from '../../providers/support.js';
import { requirePrograms } from '../../support/engines.js';
import { decodeSound, readScript, wordsOf } from './ear.js';
import { defaultKey, type Emulator } from './server.js';

let talk: Talk;
let sound: Float32Array;

beforeAll(async () => {
  await requirePrograms('ffmpeg', 'espeak-ng');
  talk = await makeTalk([...story, ...dialogue]);
  sound = (await decodeSound(await readFile(talk.path)))![0]!;
});

describe('the ear', () => {
  test('finds every line within 20 ms, and nothing where nothing is', () => {
    const heard = ear.listen(sound);
    expect(heard.map(({ clip }) => clip.text)).toEqual(talk.lines.map(({ text }) => text));
    for (const [index, { startMs }] of heard.entries()) {
      expect(Math.abs(startMs - talk.lines[index]!.startMs)).toBeLessThan(20);
    }
    const noise = new Float32Array(80_000);
    for (let at = 0, seed = 1; at < noise.length; at++) {
      seed = (seed * 48_271) % 2_147_483_647;
      noise[at] = (seed / 2 ** 31 - 0.5) * 0.2;
    }
    expect(ear.listen(noise)).toEqual([]);
    expect(ear.listen(new Float32Array(80_000))).toEqual([]);
  });

  test('hears only the words that are in the sound', () => {
    const [first] = talk.lines;
    const middle = Math.round(((first!.startMs + first!.endMs) / 2) * 16);
    const [cut] = ear.listen(sound.slice(middle, first!.endMs * 16 + 4000));
    expect(cut!.startMs).toBeLessThan(0);
    expect(cut!.words.length).toBeLessThan(wordsOf(cut!.clip).length);
    expect(cut!.words.at(-1)!.text).toBe('man');
  });

  test('gives words that join to the text', () => {
    const clip = { text: 'Yes, of course (as ever).', language: 'en', samples: new Float32Array(16_000) };
    const words = wordsOf(clip);
    expect(words.map(({ text, punctuation }) => text + punctuation).join('')).toBe(clip.text);
    expect(words[0]).toMatchObject({ text: 'Yes', punctuation: ', ' });
    expect(words.at(-1)!.endMs).toBe(1000);
  });

  test('reads scripts', () => {
    expect(
      readScript('1\r\n00:00:01,000 --> 00:01:02,250\r\nOne\r\ntwo\r\n\r\n2\n01:00:00.000 --> 01:00:01.000\nThree'),
    ).toEqual([
      { startMs: 1000, endMs: 62_250, text: 'One two' },
      { startMs: 3_600_000, endMs: 3_601_000, text: 'Three' },
    ]);
  });
});

describe('the service', () => {
  const path = '/api/v1/services/audio/asr/transcription';

  function post(emulator: Emulator, body: object, headers: Record<string, string> = { 'X-DashScope-Async': 'enable' }) {
    const given = { Authorization: `Bearer ${defaultKey}`, 'Content-Type': 'application/json', ...headers };
    return fetch(`${emulator.url}${path}`, { method: 'POST', headers: given, body: JSON.stringify(body) });
  }

  test.each<[string, object, number, string]>([
    [
      'file_urls for the model for files',
      { model: 'qwen3-asr-flash-filetrans', input: { file_urls: ['https://a/b'] } },
      400,
      'InvalidParameter',
    ],
    ['file_url for fun-asr', { model: 'fun-asr', input: { file_url: 'https://a/b' } }, 400, 'InvalidParameter'],
    [
      'a data URI',
      { model: 'qwen3-asr-flash-filetrans', input: { file_url: 'data:audio/wav;base64,AAAA' } },
      400,
      'InvalidParameter',
    ],
    [
      'a language it does not know',
      { model: 'qwen3-asr-flash-filetrans', input: { file_url: 'https://a/b' }, parameters: { language: 'sw' } },
      400,
      'InvalidParameter',
    ],
    [
      'a model of another endpoint',
      { model: 'qwen3-asr-flash', input: { file_url: 'https://a/b' } },
      400,
      'InvalidParameter',
    ],
  ])('refuses %s', async (_, body, status, code) => {
    const { emulator } = await bench();
    const reply = await post(emulator, body);
    expect([reply.status, await reply.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  test('refuses a submit without the async header', async () => {
    const { emulator } = await bench();
    const reply = await post(emulator, { model: 'fun-asr', input: { file_urls: ['https://a/b'] } }, {});
    expect([reply.status, await reply.json()]).toEqual([403, expect.objectContaining({ code: 'AccessDenied' })]);
  });

  test('notes a field that it does not know, and one that belongs to the other model', async () => {
    const { emulator } = await bench();
    const parameters = { language_hints: ['en'], diarisation: true };
    await post(emulator, {
      model: 'qwen3-asr-flash-filetrans',
      input: { file_url: 'https://a.invalid/b' },
      parameters,
    });
    expect(emulator.violations).toEqual([
      'asr.submit: unknown field parameters.language_hints',
      'asr.submit: unknown field parameters.diarisation',
    ]);
  });

  test('accepts fun-asr without `parameters` and fails its task, as workspace hosts do', async () => {
    const { emulator, storage } = await bench();
    const { url } = await storage.put(talk.path, { mediaType: 'audio/flac', forModel: 'fun-asr' }, calm);
    const headers = { 'X-DashScope-Async': 'enable', 'X-DashScope-OssResourceResolve': 'enable' };
    const reply = await post(emulator, { model: 'fun-asr', input: { file_urls: [url] } }, headers);
    const { output } = (await reply.json()) as { output: { task_id: string } };
    const ask = async () => {
      const answer = await fetch(`${emulator.url}/api/v1/tasks/${output.task_id}`, {
        headers: { Authorization: `Bearer ${defaultKey}` },
      });
      return ((await answer.json()) as { output: { task_status: string } }).output.task_status;
    };
    await expect.poll(ask).toBe('FAILED');
  });

  test('masks words unless told not to', async () => {
    const { emulator, storage } = await bench();
    const { url } = await storage.put(talk.path, { mediaType: 'audio/flac', forModel: 'fun-asr' }, calm);
    const headers = { 'X-DashScope-Async': 'enable', 'X-DashScope-OssResourceResolve': 'enable' };
    const reply = await post(emulator, { model: 'fun-asr', input: { file_urls: [url] }, parameters: {} }, headers);
    const { output } = (await reply.json()) as { output: { task_id: string } };
    let link = '';
    await expect
      .poll(async () => {
        const answer = await fetch(`${emulator.url}/api/v1/tasks/${output.task_id}`, {
          headers: { Authorization: `Bearer ${defaultKey}` },
        });
        const { results } = ((await answer.json()) as { output: { results?: { transcription_url: string }[] } }).output;
        link = results?.[0]?.transcription_url ?? '';
        return link;
      })
      .not.toBe('');
    expect(await (await fetch(link)).text()).toContain('the **** weather');
  });
});
