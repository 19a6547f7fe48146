import { beforeAll, describe, expect, test } from 'vitest';
import type { Segment } from '../../../src/domain/transcript.js';
import { guessLanguage } from '../../../src/providers/asr/qwen/guess-language.js';
import { readTranscript } from '../../../src/providers/asr/qwen/transcript.js';
import { generationReply, transcriptFile } from '../../../src/providers/asr/qwen/wire.js';
import { readWords } from '../../../src/providers/asr/qwen/words.js';
import type { AsrSettings } from '../../emulators/dashscope/asr.js';
import { requirePrograms } from '../../support/engines.js';
import { calm } from '../support.js';
import { bench, dialogue, makeTalk, story, type Talk } from './qwen.support.js';

let talk: Talk;
let show: Talk;
let chinese: Talk;

beforeAll(async () => {
  await requirePrograms('ffmpeg', 'espeak-ng');
  [talk, show] = [await makeTalk(story), await makeTalk(dialogue)];
  const tongue = { tongue: 'chinese', language: 'zh' };
  chinese = await makeTalk([
    { text: '欢迎使用语音识别服务。', afterMs: 500, ...tongue },
    { text: '今天天气很好。', afterMs: 900, ...tongue },
  ]);
});

/** Every word inside its segment, in order, and with a length. */
function expectTidy(segments: readonly Segment[]): void {
  for (const { startMs, endMs, words } of segments) {
    let last = startMs;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(last);
      expect(word.endMs).toBeGreaterThan(word.startMs);
      expect(word.endMs).toBeLessThanOrEqual(endMs);
      last = word.startMs;
    }
  }
}

describe('what is sent', () => {
  test('to the model for files: one file, words on, the language, the context', async () => {
    const desk = await bench({ options: { context: 'Dashwood, Norland' } });
    await desk.provider.transcribe(desk.request(talk, { language: 'en-GB' }), calm);
    const [submit] = desk.emulator.requestsTo('asr.submit');
    expect(submit!.json).toEqual({
      model: 'qwen3-asr-flash-filetrans',
      input: { file_url: expect.stringMatching(/^oss:\/\/dashscope-instant\//) },
      parameters: { channel_id: [0], language: 'en', enable_words: true, text: 'Dashwood, Norland' },
    });
    expect(submit!.headers).toMatchObject({
      'x-dashscope-async': 'enable',
      'x-dashscope-ossresourceresolve': 'enable',
    });
    expect(desk.emulator.violations).toEqual([]);
  });

  test.each([
    ['auto', 'fil', { language_hints: ['tl'], diarization_enabled: true }],
    [2, 'en', { language_hints: ['en'], diarization_enabled: true, speaker_count: 2 }],
    [500, undefined, { diarization_enabled: true, speaker_count: 100 }],
    [undefined, 'nb', { language_hints: ['no'] }],
  ] as const)('to fun-asr for %s speakers in %s', async (speakers, language, told) => {
    const desk = await bench({ options: { model: 'fun-asr', context: 'a talk show' } });
    const reply = await desk.provider.transcribe(desk.request(show, { speakers, language }), calm);
    expect(desk.emulator.requestsTo('asr.submit')[0]!.json).toEqual({
      model: 'fun-asr',
      input: { file_urls: [expect.stringMatching(/^oss:/)], context: 'a talk show' },
      parameters: { channel_id: [0], special_word_filter: '{"system_reserved_filter":false}', ...told },
    });
    expect(desk.emulator.violations).toEqual([]);
    expect(reply.warnings.some((warning) => warning.includes('at most 100 speakers'))).toBe(speakers === 500);
  });

  test.each(['text', 'corpus'] as const)(
    'to the model for files, whichever way the context is taken: %s',
    async (way) => {
      const desk = await bench({ settings: { context: way }, options: { context: 'Dashwood' } });
      await desk.provider.transcribe(desk.request(talk, { language: 'en' }), calm);
      const sent = desk.emulator
        .requestsTo('asr.submit')
        .map(({ json }) => (json as { parameters: object }).parameters);
      expect(sent).toHaveLength(way === 'text' ? 1 : 2);
      expect(sent.at(-1)).toMatchObject(way === 'text' ? { text: 'Dashwood' } : { corpus: { text: 'Dashwood' } });
      expect(desk.emulator.tasks.all).toHaveLength(1);
      expect(desk.emulator.violations).toEqual([]);
    },
  );

  test.each([
    ['under output', false],
    ['at the top, as workspace hosts answer', true],
  ])('along with a call to the newer models, whose times come %s', async (_, timedAtTop) => {
    const model = 'qwen-audio-3.1-asr-flash';
    const desk = await bench({ settings: { timedAtTop }, options: { model } });
    const reply = await desk.provider.transcribe(desk.request(talk, { language: 'en', speakers: 2 }), calm);
    const [call] = desk.emulator.requestsTo('asr.call');
    expect(call!.json).toEqual({
      model,
      input: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'input_audio', input_audio: { data: expect.stringMatching(/^data:audio\/flac;base64,/) } },
            ],
          },
        ],
      },
      parameters: { format: 'flac', sample_rate: '16000', language_hints: ['en'] },
    });
    const said = reply.transcript.segments.map(({ text }) => text).join(' ');
    expect(said).toBe(talk.lines.map(({ text }) => text).join(' '));
    expect(Math.abs(reply.transcript.segments[0]!.startMs - talk.lines[0]!.startMs)).toBeLessThan(60);
    expect(reply.transcript.segments.every(({ words }) => words.length > 0)).toBe(true);
    expect(reply.units).toEqual([{ unit: 'second', count: Math.ceil(talk.durationMs / 1000), model }]);
    expect(reply.warnings).toEqual([`${model} cannot tell speakers apart: all lines are one speaker’s.`]);
    expectTidy(reply.transcript.segments);
    expect(desk.emulator.violations).toEqual([]);
  });

  test('along with a call: the sound as a data URI, the context first', async () => {
    const desk = await bench({ options: { model: 'qwen3-asr-flash', context: 'Dashwood' } });
    await desk.provider.transcribe(desk.request(talk, { language: 'en' }), calm);
    const [call] = desk.emulator.requestsTo('asr.call');
    expect(call!.json).toEqual({
      model: 'qwen3-asr-flash',
      input: {
        messages: [
          { role: 'system', content: [{ text: 'Dashwood' }] },
          { role: 'user', content: [{ audio: expect.stringMatching(/^data:audio\/flac;base64,[A-Za-z0-9+/]+=*$/) }] },
        ],
      },
      parameters: { asr_options: { language: 'en', enable_itn: false } },
    });
    expect(call!.headers).not.toHaveProperty('x-dashscope-async');
    expect(desk.emulator.violations).toEqual([]);
  });
});

describe('masked words', () => {
  test.each(['string', 'object', 'either'] as const)(
    'are switched off, whether the filter is taken as %s',
    async (filter) => {
      const desk = await bench({ settings: { filter } });
      const reply = await desk.provider.transcribe(desk.request(show, { speakers: 'auto' }), calm);
      expect(reply.transcript.segments.map(({ text }) => text).join(' ')).toContain('damn weather');
      expect(desk.paid()).toBe(filter === 'object' ? 2 : 1);
      expect(desk.emulator.tasks.all).toHaveLength(1);
    },
  );
});

describe('speakers', () => {
  test('come with their sentences, and speaker 0 is one', async () => {
    const desk = await bench();
    const reply = await desk.provider.transcribe(desk.request(show, { speakers: 'auto', language: 'en' }), calm);
    expect(reply.transcript.segments.map(({ speaker, text }) => [speaker, text])).toEqual(
      dialogue.map(({ speaker, text }) => ['AB'[speaker!], text]),
    );
    for (const [index, line] of show.lines.entries()) {
      const { startMs, endMs } = reply.transcript.segments[index]!;
      expect(Math.abs(startMs - line.startMs)).toBeLessThan(40);
      expect(Math.abs(endMs - line.endMs)).toBeLessThan(40);
    }
    expect(reply.units).toEqual([{ unit: 'second', count: expect.any(Number), model: 'fun-asr' }]);
    expectTidy(reply.transcript.segments);
  });

  test('that a reply does not tell are missed aloud', () => {
    const sentence = { begin_time: 0, end_time: 900, text: 'Hello there.', sentence_id: 1 };
    const file = transcriptFile.parse({ transcripts: [{ channel_id: 0, sentences: [sentence] }] });
    const read = readTranscript(file, { durationMs: 1000, language: 'en', wantsSpeakers: true });
    expect(read.warnings).toEqual(['The recogniser told no speakers apart: all lines are one speaker’s.']);
  });

  test.each([
    [0, 'A'],
    ['1', 'B'],
    [25, 'Z'],
    [26, 'S26'],
    [null, undefined],
  ])('%j is %s', (speaker_id, label) => {
    const sentence = { begin_time: 0, end_time: 900, text: 'Hello there.', speaker_id };
    const file = transcriptFile.parse({
      transcripts: [{ sentences: [sentence, { ...sentence, text: 'Yes.', speaker_id: 0 }] }],
    });
    const read = readTranscript(file, { durationMs: 1000, language: 'en', wantsSpeakers: true });
    expect(read.segments.find(({ text }) => text === 'Hello there.')!.speaker).toBe(label);
  });
});

describe('words', () => {
  test.each<AsrSettings['words']>(['documented', 'equal-times', 'split', 'written-out'])(
    'of a reply (%s) are inside their sentence, in order and of some length, and give its text again',
    async (words) => {
      const desk = await bench({ settings: { words } });
      const { transcript } = await desk.provider.transcribe(desk.request(talk), calm);
      expect(transcript.segments.map(({ text }) => text)).toEqual(talk.lines.map(({ text }) => text));
      expectTidy(transcript.segments);
      for (const segment of transcript.segments) {
        const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}]/gu, '');
        expect(letters(segment.words.map(({ text }) => text).join(''))).toBe(letters(segment.text));
      }
    },
  );

  test('that a reply leaves out leave the sentences as they are', async () => {
    const desk = await bench({ settings: { words: 'absent' } });
    const { transcript } = await desk.provider.transcribe(desk.request(talk), calm);
    expect(transcript.segments.map(({ text, words }) => [text, words])).toEqual(
      talk.lines.map(({ text }) => [text, []]),
    );
  });

  test('of Chinese are its characters', async () => {
    const desk = await bench();
    const { transcript } = await desk.provider.transcribe(desk.request(chinese), calm);
    expect(transcript.language).toBe('zh');
    expect(transcript.segments.map(({ text }) => text)).toEqual(['欢迎使用语音识别服务。', '今天天气很好。']);
    expect(transcript.segments[1]!.words.map(({ text }) => text)).toEqual([...'今天天气很好']);
  });

  test('that are other words than the text’s lend it their times', () => {
    const spoken = [
      { begin_time: 0, end_time: 400, text: 'in ', punctuation: '' },
      { begin_time: 400, end_time: 1200, text: 'nineteen ', punctuation: '' },
      { begin_time: 1200, end_time: 2000, text: 'ninety', punctuation: '.' },
    ];
    const words = readWords('In 1990.', spoken, { startMs: 0, endMs: 2000 });
    expect(words.map(({ text }) => text)).toEqual(['In', '1990']);
    expect(words.at(-1)!.endMs).toBe(2000);
    expectTidy([{ id: '1', text: '', startMs: 0, endMs: 2000, words }]);
  });

  test('keep the confidence that some models give', () => {
    const [word] = readWords('Hi', [{ begin_time: 0, end_time: 9, text: 'Hi', confidence: 0.7 }], {
      startMs: 0,
      endMs: 9,
    });
    expect(word).toEqual({ text: 'Hi', startMs: 0, endMs: 9, confidence: 0.7 });
  });
});

describe('a transcript', () => {
  const sentence = (begin_time: number, end_time: number, text: string, more: object = {}) => ({
    begin_time,
    end_time,
    text,
    ...more,
  });
  const read = (transcripts: readonly object[], durationMs = 10_000, language?: string) =>
    readTranscript(transcriptFile.parse({ transcripts }), { durationMs, language, wantsSpeakers: false });

  test('of several channels is one in the order of time, without echoes', () => {
    const first = { channel_id: 0, sentences: [sentence(0, 1000, 'One.'), sentence(4000, 5000, 'Three.')] };
    const second = { channel_id: 1, sentences: [sentence(2000, 3000, 'Two.'), sentence(4010, 5000, 'Three.')] };
    const { segments } = read([first, second]);
    expect(segments.map(({ id, text }) => [id, text])).toEqual([
      ['1', 'One.'],
      ['2', 'Two.'],
      ['3', 'Three.'],
    ]);
  });

  test('keeps what is said twice', () => {
    const { segments } = read([{ sentences: [sentence(0, 500, 'No.'), sentence(600, 1100, 'No.')] }]);
    expect(segments).toHaveLength(2);
  });

  test('is in the language of most of the spoken time', () => {
    const sentences = [sentence(0, 900, 'Hello.', { language: 'en' }), sentence(1000, 9000, '…', { language: 'yue' })];
    expect(read([{ sentences }]).language).toBe('yue');
    expect(read([{ sentences }], 10_000, 'de').language).toBe('de');
  });

  test('whose language nobody tells is guessed by its words, and says so', () => {
    const told = read([{ sentences: [sentence(0, 900, 'Das ist nicht der Weg, den ich mit dir gehen will.')] }]);
    expect(told).toMatchObject({ language: 'de', warnings: [expect.stringContaining('--from')] });
    const mute = read([{ sentences: [sentence(0, 900, 'Hm')] }]);
    expect(mute).toMatchObject({ language: 'en', warnings: [expect.stringContaining('could not be told')] });
  });

  test('without sentences keeps the text it has', () => {
    expect(read([{ channel_id: 0, text: 'All of it.' }], 5000).segments).toMatchObject([
      { startMs: 0, endMs: 5000, text: 'All of it.' },
    ]);
  });

  test('stays inside the sound, with a length for every sentence', () => {
    const { segments } = read([{ sentences: [sentence(900, 900, 'Now.'), sentence(950, 4000, 'Then.')] }], 1000);
    expect(segments.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [900, 901],
      [950, 1000],
    ]);
  });

  test('leaves out sentences without text', () => {
    expect(read([{ sentences: [sentence(0, 900, '  ')] }]).segments).toEqual([]);
  });
});

describe('what is billed', () => {
  test.each([
    ['what the model for files says', { usage: 'documented' }, undefined],
    ['the length of the sound when it says nothing', { usage: 'absent' }, undefined],
    ['what fun-asr says: speech only', { usage: 'documented' }, 'auto'],
  ] as const)('is %s', async (_, settings, speakers) => {
    const desk = await bench({ settings });
    const reply = await desk.provider.transcribe(desk.request(talk, { speakers }), calm);
    const whole = Math.ceil(talk.durationMs / 1000);
    const model = speakers === undefined ? 'qwen3-asr-flash-filetrans' : 'fun-asr';
    const count = speakers === undefined ? whole : expect.any(Number);
    expect(reply.units).toEqual([{ unit: 'second', count, model }]);
    if (speakers !== undefined) expect(reply.units[0]!.count).toBeLessThan(whole);
    expect(reply.requestIds.length).toBeGreaterThanOrEqual(2);
  });

  test('is the seconds of a piece', async () => {
    const desk = await bench({ settings: { usage: 'absent' }, options: { model: 'qwen3-asr-flash' } });
    const reply = await desk.provider.transcribe(desk.request(talk), calm);
    const count = Math.ceil(talk.durationMs / 1000);
    expect(reply.units).toEqual([{ unit: 'second', count, model: 'qwen3-asr-flash' }]);
  });
});

describe('the answer to a call', () => {
  const message = { content: [{ text: 'Hello ' }, { text: 'there.' }], annotations: [{ language: 'en' }] };

  test.each([
    ['as documented', { output: { choices: [{ finish_reason: 'stop', message }] }, usage: { seconds: 2 } }],
    ['without `output`, as workspace hosts have it', { choices: [{ message }], usage: { seconds: 2 } }],
  ])('is read %s', (_, json) => {
    expect(generationReply.parse(json)).toMatchObject({ output: { choices: [{ message }] }, usage: { seconds: 2 } });
  });

  test('that tells no language is guessed from its words', async () => {
    const desk = await bench({ settings: { tellsLanguage: false }, options: { model: 'qwen3-asr-flash' } });
    const reply = await desk.provider.transcribe(desk.request(talk), calm);
    expect(reply).toMatchObject({ transcript: { language: 'en' }, warnings: [expect.stringContaining('--from')] });
  });
});

test.each([
  ['en', 'What are you going to do with all of this?'],
  ['fr', 'Je ne sais pas ce que vous voulez dire avec cela.'],
  ['es', 'No lo sé, pero creo que es muy tarde para eso.'],
  ['pt', 'Eu não sei o que você quer dizer com isso.'],
  ['it', 'Non so che cosa vuoi dire con questo, ma è bello.'],
  ['nl', 'Ik weet niet wat je met dat boek van mij wilt.'],
  ['pl', 'Nie wiem, co to jest, ale już jest po wszystkim.'],
  ['hu', 'Nem tudom, hogy mi ez, de már volt ilyen.'],
  ['ru', 'Я не знаю, что это такое, но он был здесь.'],
  ['bg', 'Не знам какво е това, но той ще бъде тук с мен.'],
  ['ja', '今日はとても天気がいいですね。'],
  ['zh', '今天天气很好。'],
  ['ko', '오늘 날씨가 좋네요.'],
  ['el', 'Δεν ξέρω τι είναι αυτό.'],
  ['th', 'วันนี้อากาศดี'],
  ['ar', 'لا أعرف ما هذا'],
  ['hi', 'मुझे नहीं पता'],
])('a text in %s is known by its script or its small words', (language, text) => {
  expect(guessLanguage(text)).toBe(language);
});
