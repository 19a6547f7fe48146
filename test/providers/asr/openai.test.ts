import { beforeAll, describe, expect, it } from 'vitest';
import { probeFile } from '../../../src/media/probe.js';
import { findMediaTools } from '../../../src/media/tools.js';
import { asrConformance } from '../../../src/providers/asr/conformance.js';
import type { AsrProvider } from '../../../src/providers/asr/contract.js';
import { openai } from '../../../src/providers/asr/openai/index.js';
import { readTranscription } from '../../../src/providers/asr/openai/transcript.js';
import { type Fault, runChecks } from '../../../src/providers/conformance.js';
import type { StorageProvider } from '../../../src/providers/storage/contract.js';
import { transcribe } from '../../../src/stages/transcribe.js';
import type { Fault as Scripted } from '../../emulators/dashscope/faults.js';
import type { OpenAiEmulator, OpenAiSettings } from '../../emulators/openai/server.js';
import { requirePrograms } from '../../support/engines.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { makeContext } from '../../support/stage-context.js';
import { closeLater, makeProvider, startServer } from '../openai.support.js';
import { calm, expectConformance, ffmpeg, noTracks } from '../support.js';
import { failure } from '../tts/qwen.support.js';
import { dialogue, ear, makeSilence, makeTalk, story, type Talk } from './qwen.support.js';

const key = 'oa-9c1f2e7d5b3a4860';
let [talk, other, silence, chinese]: (Talk | undefined)[] = [];

beforeAll(async () => {
  await requirePrograms('espeak-ng', 'ffmpeg');
  [talk, other, silence] = [await asWave(await makeTalk(story)), await makeTalk(dialogue), await makeSilence()];
  chinese = await asWave(await makeTalk([{ text: '今天天气很好。', afterMs: 300, tongue: 'chinese', language: 'zh' }]));
});

/** Pieces come as WAV. */
async function asWave(talked: Talk): Promise<Talk> {
  const path = talked.path.replace('.flac', '-16.wav');
  await ffmpeg('-i', talked.path, '-c:a', 'pcm_s16le', path);
  return { ...talked, path, audio: { ...talked.audio, path, mediaType: 'audio/wav' } };
}

const start = (changes: Partial<OpenAiSettings> = {}) => startServer(changes, ear);

function providerAt(url: string, options: Readonly<Record<string, unknown>> = {}): AsrProvider {
  return makeProvider(openai, { model: `whisper-1@${url}`, ...options });
}

function listen(provider: AsrProvider, { audio }: Talk, more: object = {}) {
  return provider.transcribe({ audio, ...noTracks, ...more }, calm);
}

const sample = (of: Talk) => ({
  request: { audio: of.audio, ...noTracks },
  words: of.lines
    .flatMap(({ text }) => text.toLowerCase().match(/[\p{L}'-]+/gu) ?? [])
    .flatMap((word) => word.split('-')),
  durationMs: of.durationMs,
});

/** Servers by how they answer (openai-compatible-audio.md, 1.2). */
const servers: readonly (readonly [string, Partial<OpenAiSettings>, model: string])[] = [
  ['OpenAI', { key }, 'whisper-1'],
  ['speaches', { key, keyStatus: 403, languageForm: 'code' }, 'whisper-1'],
  [
    'whisper.cpp',
    {
      inference: true,
      prefix: '',
      words: 'tokens',
      granularities: 'ignored',
      modelList: 'none',
      takesForEnglish: true,
    },
    '',
  ],
  ['an older Groq', { prefix: '/openai/v1', granularities: 'refused', words: 'none' }, 'whisper-1'],
  ['funasr-server', { words: 'nested', granularities: 'ignored', languageForm: 'code', speakers: 'none' }, 'whisper-1'],
  ['a model without times', { times: false }, 'gpt-4o-transcribe'],
];

describe.each(servers.filter(([name]) => /OpenAI|whisper|without/.test(name)))(
  'asr openai in front of %s',
  (_, changes, model) => {
    it('conforms', async () => {
      const emulator = await start(changes);
      const faults: Partial<Record<Fault, Scripted>> = {
        hang: { kind: 'hang', times: Infinity },
        stall: { kind: 'hang', times: Infinity },
        crash: { kind: 'reset-after', times: Infinity },
        cut: { kind: 'cut', times: Infinity },
        empty: { kind: 'empty', times: Infinity },
        refuse: { status: 400, message: 'No.', times: Infinity },
        auth: { status: 401, message: 'Incorrect API key provided', times: Infinity },
      };
      const results = await runChecks(asrConformance, {
        provider: providerAt(emulator.url, { apiKey: key, model: `${model}@${emulator.url}` }),
        ...{ language: 'en', leastRecall: 0.95 },
        ...{
          speech: sample(talk!),
          otherSpeech: sample(await asWave(other!)),
          silence: sample(await asWave(silence!)),
        },
        secrets: [key],
        failing: async (fault) => {
          const faulty = await start({ ...changes, reply: fault === 'garbage' ? 'other' : 'json' });
          if (fault === 'missing') await faulty.close();
          const scripted = faults[fault];
          if (scripted !== undefined) faulty.fail('transcription', scripted);
          const options = { apiKey: key, model: `${model}@${faulty.url}`, timeoutMs: fault === 'hang' ? 300 : 60_000 };
          return {
            provider: providerAt(faulty.url, options),
            requests: async () => faulty.requestsTo('transcription').length,
            open: async () => faulty.open,
          };
        },
      });
      expectConformance(results, { 'refuses a language it does not know, by name': 'it knows any language' });
      expect(emulator.violations).toEqual([]);
    });
  },
);

/** Both pieces of a talk as the stage gets them: pauses of two seconds, so that it is cut. */
async function transcribeTalk(emulator: OpenAiEmulator, model: string) {
  const long = await makeTalk(Array.from({ length: 12 }, (_, index) => ({ ...story[index % 3]!, afterMs: 1500 })));
  const media = await findMediaTools();
  const source = await probeFile(long.path, media, calm);
  const folder = await makeFolder();
  closeLater({ close: () => removeFolder(folder) });
  const sound = { durationMs: long.durationMs, speechPath: long.path };
  const provider = providerAt(emulator.url, { model: `${model}@${emulator.url}` });
  const options = { label: 'openai', language: 'en', shapedBy: 'test' };
  const transcript = await transcribe(source, sound, provider, noStore, options, await makeContext(folder));
  return { long, transcript };
}

const noStore: StorageProvider = {
  stores: false,
  ready: async () => ({ ready: true, detail: 'nothing' }),
  put: () => Promise.reject(new Error('there is no store')),
  remove: async () => undefined,
};

describe('the stage with it', () => {
  it('sends pieces cut at pauses, and has every line at its time, by the server or by the cuts', async () => {
    for (const [changes, model] of [
      [{}, 'whisper-1'],
      [{ times: false }, 'gpt-4o-transcribe'],
    ] as const) {
      const emulator = await start(changes);
      const { long, transcript } = await transcribeTalk(emulator, model);
      expect(emulator.requestsTo('transcription').length).toBeGreaterThan(1);
      expect(transcript.segments.map(({ text }) => text)).toEqual(long.lines.map(({ text }) => text));
      const off = transcript.segments.map(({ startMs }, index) => Math.abs(startMs - long.lines[index]!.startMs));
      expect(Math.max(...off)).toBeLessThan(model === 'whisper-1' ? 60 : 700);
      expect(transcript.segments.every(({ words }) => words.length > 0)).toBe(model === 'whisper-1');
      expect(new Set(transcript.segments.map(({ id }) => id)).size).toBe(long.lines.length);
      expect(emulator.violations).toEqual([]);
    }
  });
});

describe('asr openai', () => {
  it.each(servers)('hears what is said in front of %s', async (_, changes, model) => {
    const emulator = await start(changes);
    const provider = providerAt(emulator.url, { apiKey: key, model: `${model}@${emulator.url}` });
    expect(await provider.ready(calm)).toMatchObject({ ready: true });
    const { transcript } = await listen(provider, talk!);
    expect(transcript.segments.map(({ text }) => text).join(' ')).toBe(story.map(({ text }) => text).join(' '));
    expect(emulator.violations).toEqual([]);
  });

  it('has words where the server has them, beside the segments, inside them, or as tokens', async () => {
    for (const words of ['top', 'nested', 'tokens'] as const) {
      const emulator = await start({ words });
      const { transcript } = await listen(providerAt(emulator.url), talk!);
      expect(transcript.segments.map(({ text }) => text)).toEqual(story.map(({ text }) => text));
      const [segment] = transcript.segments;
      expect(segment!.words.map(({ text }) => text.replace(/[.,]/g, ''))).toEqual([
        'He',
        'was',
        'not',
        'an',
        'ill-disposed',
        'young',
        'man',
      ]);
      expect(Math.abs(segment!.startMs - talk!.lines[0]!.startMs)).toBeLessThan(40);
      expect(transcript.language).toBe('en');
      expect(emulator.violations).toEqual([]);
    }
    const bare = await listen(providerAt((await start({ words: 'none' })).url), talk!);
    expect(bare.transcript.segments).toHaveLength(3);
    expect(bare.transcript.segments.flatMap(({ words }) => words)).toEqual([]);
  });

  it('asks whisper.cpp to find the language, which it would take for English', async () => {
    const emulator = await start({
      inference: true,
      prefix: '',
      takesForEnglish: true,
      modelList: 'none',
      words: 'tokens',
    });
    const { transcript } = await listen(providerAt(emulator.url, { model: `@${emulator.url}` }), chinese!);
    expect(transcript).toMatchObject({ language: 'zh', segments: [{ text: '今天天气很好。' }] });
    const pasted = await listen(providerAt(emulator.url, { model: `@${emulator.url}/inference` }), chinese!);
    expect(pasted.transcript.language).toBe('zh');
    expect(emulator.violations).toEqual([]);
  });

  it('tells speakers apart in one request, and says when it cannot', async () => {
    const diarize = await start();
    const provider = providerAt(diarize.url, { model: `gpt-4o-transcribe-diarize@${diarize.url}` });
    expect(provider.limits).toMatchObject({ times: 'segment', speakers: true });
    const told = await listen(provider, other!, { speakers: 'auto' });
    expect(told.transcript.segments.map(({ speaker }) => speaker)).toEqual(['A', 'B', 'A']);
    for (const speakers of ['spk', 'speaker'] as const) {
      const emulator = await start({ speakers });
      const way = providerAt(emulator.url).choose!({ speakers: 2, canPublish: false, language: undefined });
      expect(way.limits).toMatchObject({ times: 'segment', speakers: true });
      const reply = await way.transcribe({ audio: other!.audio, ...noTracks, speakers: 2 }, calm);
      expect(reply.transcript.segments.map(({ speaker }) => speaker)).toEqual(['A', 'B', 'A']);
    }
    const one = await listen(providerAt((await start()).url), other!, { speakers: 'auto' });
    expect(one.warnings.join()).toContain('told no speakers apart');
    expect(diarize.violations).toEqual([]);
  });

  it('leaves out what was made up, and clamps what leaves the sound', async () => {
    const { transcript, warnings } = await listen(providerAt((await start({ invents: true })).url), talk!);
    expect(transcript.segments).toHaveLength(3);
    expect(warnings.join()).toContain('made up text');
    const read = readTranscription(
      {
        text: 'a b',
        segments: [
          { start: 9, end: 12, text: ' b' },
          { start: 0, end: 0, text: ' a' },
          { start: 3, end: 4, text: ' ' },
        ],
      },
      10_000,
    );
    expect(read.segments.map(({ startMs, endMs, text }) => [startMs, endMs, text])).toEqual([
      [0, 1, 'a'],
      [9000, 10_000, 'b'],
    ]);
    const stuck = Array.from({ length: 5 }, (_, index) => ({ start: index, end: index + 1, text: ' Thank you.' }));
    expect(readTranscription({ segments: stuck }, 9000).warnings.join()).toContain('repeats itself');
    for (const [said, code] of [
      ['english', 'en'],
      ['mandarin', 'zh'],
      ['Cantonese', 'yue'],
      ['de', 'de'],
      ['unknown', undefined],
    ] as const) {
      expect(readTranscription({ text: 'x', language: said }, 1000).language).toBe(code);
    }
  });

  it('reads plain text, and takes an error with status 200 for an error', async () => {
    const text = await listen(providerAt((await start({ reply: 'text' })).url), talk!);
    expect(text.transcript.segments).toMatchObject([{ startMs: 0, endMs: talk!.durationMs, words: [] }]);
    const emulator = await start({ reply: 'error-in-200' });
    const error = await failure(listen(providerAt(emulator.url), talk!));
    expect(error).toMatchObject({
      code: 'PROVIDER_BAD_REPLY',
      message: expect.stringContaining('upstream connect error'),
    });
    const absent = await failure(listen(providerAt(emulator.url, { model: `large-v9@${emulator.url}` }), talk!));
    expect(absent).toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('not installed locally'),
    });
  });
});
