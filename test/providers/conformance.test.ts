import { describe, expect, test } from 'vitest';
import { DubError } from '../../src/errors.js';
import { type AsrSubject, asrConformance } from '../../src/providers/asr/conformance.js';
import type { AsrProvider } from '../../src/providers/asr/contract.js';
import { type Check, CheckSkipped, checkAbort, expectError, runChecks } from '../../src/providers/conformance.js';
import { noNotes } from '../../src/providers/contract.js';
import { type TranslationSubject, translationConformance } from '../../src/providers/translation/conformance.js';
import type {
  TranslationProvider,
  TranslationReply,
  TranslationRequest,
} from '../../src/providers/translation/contract.js';
import { type TtsSubject, ttsConformance } from '../../src/providers/tts/conformance.js';
import type { TtsProvider, TtsRequest } from '../../src/providers/tts/contract.js';
import { noTracks } from './support.js';

// A suite that lets everything pass is worth nothing: each test here hands it a provider with one fault.

async function failedChecks<Subject>(checks: readonly Check<Subject>[], subject: Subject): Promise<string[]> {
  const results = await runChecks(checks, subject);
  return results.filter((result) => result.outcome === 'failed').map((result) => result.name);
}

describe('running checks', () => {
  const checks: Check<number>[] = [
    { name: 'is positive', safe: true, run: async (subject) => expect(subject).toBeGreaterThan(0) },
    { name: 'is even', safe: false, run: async (subject) => expect(subject % 2).toBe(0) },
    {
      name: 'is prime',
      safe: true,
      run: async () => {
        throw new CheckSkipped('too hard');
      },
    },
  ];

  test('gives a result for every check, with the reason for all that did not pass', async () => {
    const results = await runChecks(checks, 3);
    expect(results.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
      'is positive: passed',
      'is even: failed',
      'is prime: skipped',
    ]);
    expect(results[2]?.reason).toBe('too hard');
    expect(results[1]?.error).toBeInstanceOf(Error);
  });

  test('runs only what is safe against a real account when told so', async () => {
    const results = await runChecks(checks, 3, { safeOnly: true });
    expect(results[1]).toEqual({ name: 'is even', outcome: 'skipped', reason: 'not safe against a real account' });
  });

  test('keeps the reason of an excuse, and knows no excuse for a check that does not exist', async () => {
    const results = await runChecks(checks, 3, { excused: { 'is even': 'it is odd by nature' } });
    expect(results[1]).toEqual({ name: 'is even', outcome: 'excused', reason: 'it is odd by nature' });
    await expect(runChecks(checks, 3, { excused: { 'is odd': 'x' } })).rejects.toThrow('no check "is odd"');
  });
});

describe('an expected error', () => {
  const due = ['PROVIDER_AUTH'] as const;

  test.each<[string, unknown, string]>([
    ['nothing went wrong', undefined, 'it succeeded where PROVIDER_AUTH was due'],
    ['it is another kind', new TypeError('x is not a function'), 'which is no DubError'],
    ['it has another code', new DubError('USAGE', 'm', { hint: 'h' }), 'its code is USAGE'],
    ['it says not what to do', new DubError('PROVIDER_AUTH', 'm'), 'the error has no hint'],
  ])('is missed when %s', async (_, error, words) => {
    const work = error === undefined ? Promise.resolve() : Promise.reject(error);
    await expect(expectError(work, due, 'a call')).rejects.toThrow(words);
  });
});

describe('an abort', () => {
  const hooks = (start: 'late' | 'leaky') => ({
    failing: async () => ({ provider: start, open: async () => (start === 'leaky' ? 1 : 0) }),
  });

  test('that is not obeyed fails the check', async () => {
    const deaf = checkAbort(hooks('late'), async () => 'done');
    await expect(deaf).rejects.toThrow('it succeeded where INTERRUPTED was due');
  });

  test('that leaves something open fails the check', async () => {
    const leaky = checkAbort(
      hooks('leaky'),
      (_, signal) =>
        new Promise((_resolve, reject) => {
          const stop = () => reject(new DubError('INTERRUPTED', 'stopped', { hint: 'again' }));
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop);
        }),
    );
    await expect(leaky).rejects.toThrow('still open after the abort');
  });
});

describe('the tts suite', () => {
  const voice = { name: 'v', languages: ['en'] };
  const limits = { maxChars: 100, languages: ['en'], concurrency: 1 };
  const refuse = (code: 'PROVIDER_UNSUPPORTED' | 'PROVIDER_REFUSED', message: string): never => {
    throw new DubError(code, message, { hint: 'Do otherwise.' });
  };
  const good: TtsProvider = {
    limits,
    ready: async () => ({ ready: true, detail: 'here' }),
    voices: async (language) => (language === undefined || language === 'en' ? [voice] : []),
    fingerprint: () => ({ version: '1' }),
    synthesize: async ({ text, language, voice: name }: TtsRequest) => {
      if (language !== 'en') refuse('PROVIDER_UNSUPPORTED', `no ${language}`);
      if (name !== 'v') refuse('PROVIDER_UNSUPPORTED', `no ${name}, only v`);
      if (text.length > 100) refuse('PROVIDER_UNSUPPORTED', 'at most 100');
      if (!/\w/.test(text)) refuse('PROVIDER_REFUSED', 'nothing to say');
      return { ...noNotes, audio: Buffer.from(text), mediaType: 'audio/wav' };
    },
  };
  const subject = (more: Partial<TtsProvider> = {}): TtsSubject => ({
    provider: { ...good, ...more },
    language: 'en',
    shortText: 'hello there',
    longText: 'hello there, this is quite a long text',
    unspokenLanguage: 'fr',
    decode: async (audio) => ({ durationMs: audio.length * 50, peak: 0.5 }),
  });

  test('passes a good provider', async () => {
    expect(await failedChecks(ttsConformance, subject())).toEqual([]);
  });

  test.each<[string, Partial<TtsProvider>, string[]]>([
    [
      'lists a voice twice',
      { voices: async () => [voice, voice] },
      [
        'lists voices for a language it speaks, each once and among all voices',
        'lists no voice for a language it does not speak, and refuses it by name',
      ],
    ],
    [
      'has no limit',
      { limits: { ...limits, maxChars: 0 } },
      ['states limits that can be used', 'refuses text over its limit, unsent'],
    ],
    [
      'is not ready',
      { ready: async () => ({ ready: false, detail: 'gone' }) },
      ['says whether it is ready, with words for a person'],
    ],
    [
      'has a restless fingerprint',
      { fingerprint: () => ({ at: Math.random() }) },
      ['fingerprints what shapes the sound, the same every time'],
    ],
  ])('fails one that %s', async (_, more, failed) => {
    expect(await failedChecks(ttsConformance, subject(more))).toEqual(failed);
  });

  test('fails one that mixes calls', async () => {
    let last = '';
    const synthesize: TtsProvider['synthesize'] = async (request, signal) => {
      last = request.text;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return good.synthesize({ ...request, text: last }, signal);
    };
    expect(await failedChecks(ttsConformance, subject({ synthesize }))).toEqual(['does not mix two calls at once']);
  });

  test('fails one that sends text over the limit, or tries a refused key again', async () => {
    let sent = 0;
    const counting: TtsProvider = {
      ...good,
      synthesize: async (request, signal) => {
        sent += 2;
        if (request.text.length > 100) return good.synthesize(request, signal);
        throw new DubError('PROVIDER_AUTH', 'refused', { hint: 'Set the key.' });
      },
    };
    const failing = async (fault: string) =>
      fault === 'auth' || fault === 'refuse' ? { provider: counting, requests: async () => sent } : undefined;
    expect(await failedChecks(ttsConformance, { ...subject(), failing })).toEqual([
      'refuses text over its limit, unsent',
      'passes a refusal on with its own words',
      'never repeats a request that was refused for its key',
    ]);
  });

  test('asks that a rate limit is waited for or told', async () => {
    const limited = (retryAfterMs: number | undefined): TtsProvider => ({
      ...good,
      synthesize: async () => {
        throw new DubError('PROVIDER_BUSY', 'slow down', { hint: 'Wait.', ...(retryAfterMs ? { retryAfterMs } : {}) });
      },
    });
    const failedWith = async (retryAfterMs: number | undefined) => {
      const failing = async (fault: string) =>
        fault === 'rate-limit' ? { provider: limited(retryAfterMs) } : undefined;
      return failedChecks(ttsConformance, { ...subject(), failing });
    };
    expect(await failedWith(2000)).toEqual([]);
    expect(await failedWith(undefined)).toEqual([
      'waits as it is told when it asked too often, or says how long to wait',
    ]);
  });
});

describe('the translation suite', () => {
  const line = (id: string) => ({
    id,
    text: `text ${id}`,
    mark: id,
    speaker: 'A',
    startMs: 0,
    endMs: 1,
    segmentIds: [],
  });
  const answer = (request: TranslationRequest): TranslationReply => {
    if (request.target !== 'es') throw new DubError('PROVIDER_UNSUPPORTED', `no ${request.target}`, { hint: 'Other.' });
    const bare = request.lines.filter(({ text }) => !/\w/.test(text));
    const spoken = request.lines.filter(({ text }) => /\w/.test(text));
    const lines = spoken.map(({ id, text }) => ({ id, text: `${id} ${text.replace(/\s+/g, ' ')}` }));
    return { ...noNotes, lines, failures: bare.map(({ id }) => ({ id, code: 'X', message: 'no words' })) };
  };
  const subject = (change: (reply: TranslationReply) => TranslationReply): TranslationSubject => {
    const provider: TranslationProvider = {
      limits: { maxLines: 9, maxChars: 9, concurrency: 1, adapts: false },
      ready: async () => ({ ready: true, detail: 'here' }),
      supports: async (_, target) => target === 'es',
      translate: async (request) => change(answer(request)),
    };
    const lines = ['a1', 'b2', 'c3'].map(line);
    return {
      provider,
      source: 'en',
      target: 'es',
      lines,
      otherLines: ['d4', 'e5'].map(line),
      unservedPair: { source: 'en', target: 'fr' },
    };
  };

  test('passes a good provider', async () => {
    expect(
      await failedChecks(
        translationConformance,
        subject((reply) => reply),
      ),
    ).toEqual([]);
  });

  test.each<[string, (reply: TranslationReply) => TranslationReply]>([
    ['drops a line', (reply) => ({ ...reply, lines: reply.lines.slice(1) })],
    ['answers twice', (reply) => ({ ...reply, lines: [...reply.lines, ...reply.lines] })],
    [
      'swaps answers',
      (reply) => ({ ...reply, lines: reply.lines.map(({ id }, at) => ({ id, text: reply.lines.at(at - 1)!.text })) }),
    ],
    ['turns the order', (reply) => ({ ...reply, lines: [...reply.lines].reverse() })],
    ['breaks a line', (reply) => ({ ...reply, lines: reply.lines.map(({ id, text }) => ({ id, text: `${text}\n` })) })],
    ['answers what was not asked', (reply) => ({ ...reply, lines: [...reply.lines, { id: 'zz', text: 'zz' }] })],
  ])('fails one that %s', async (_, change) => {
    expect(await failedChecks(translationConformance, subject(change))).toContain(
      'answers every line under its own id, in order',
    );
  });
});

describe('the asr suite', () => {
  type Segments = Awaited<ReturnType<AsrProvider['transcribe']>>['transcript']['segments'];
  const spoken: Segments = [
    {
      id: '1',
      startMs: 0,
      endMs: 900,
      text: 'one two',
      words: [
        { text: 'one', startMs: 0, endMs: 400 },
        { text: 'two', startMs: 500, endMs: 900 },
      ],
    },
    { id: '2', startMs: 1000, endMs: 1500, text: 'three', words: [{ text: 'three', startMs: 1000, endMs: 1500 }] },
  ];
  const other: Segments = [
    { id: '1', startMs: 0, endMs: 900, text: 'apple', words: [{ text: 'apple', startMs: 0, endMs: 900 }] },
  ];
  const sample = (path: string, words: string[]) => ({
    request: { audio: { path, mediaType: 'audio/wav', durationMs: 2000 }, ...noTracks },
    words,
    durationMs: 2000,
  });
  const subject = (change: (segments: Segments) => Segments): AsrSubject => ({
    provider: {
      limits: {
        languages: 'any',
        needsUrl: false,
        times: 'word',
        speakers: true,
        detectsLanguage: false,
        needsAudio: true,
      },
      ready: async () => ({ ready: true, detail: 'here' }),
      transcribe: async ({ audio }) => {
        if (audio?.path.endsWith('.gone')) throw new DubError('INPUT_UNREADABLE', 'gone', { hint: 'Look.' });
        return { ...noNotes, transcript: { language: 'en', segments: change(audio?.path === 'a' ? spoken : other) } };
      },
    },
    language: 'en',
    speech: sample('a', ['one', 'two', 'three']),
    otherSpeech: sample('b', ['apple']),
    leastRecall: 1,
  });

  test('passes a good provider', async () => {
    expect(
      await failedChecks(
        asrConformance,
        subject((segments) => segments),
      ),
    ).toEqual([]);
  });

  test.each<[string, (segments: Segments) => Segments, string]>([
    ['misses words', (segments) => segments.slice(0, 1), 'recognises most of the words'],
    [
      'times past the end',
      (segments) => segments.map((one) => ({ ...one, endMs: 9000 })),
      'times segments and words in order, inside the sound',
    ],
    [
      'gives fractions',
      (segments) => segments.map((one) => ({ ...one, startMs: one.startMs + 0.5 })),
      'times segments and words in order, inside the sound',
    ],
    ['goes backwards', (segments) => [...segments].reverse(), 'times segments and words in order, inside the sound'],
    [
      'promises words and has none',
      (segments) => segments.map((one) => ({ ...one, words: [] })),
      'times segments and words in order, inside the sound',
    ],
    [
      'numbers all alike',
      (segments) => segments.map((one) => ({ ...one, id: '1' })),
      'gives each segment an id of its own',
    ],
    ['hears the same in everything', () => spoken, 'does not mix two calls at once'],
  ])('fails one that %s', async (_, change, name) => {
    expect(await failedChecks(asrConformance, subject(change))).toContain(name);
  });
});
