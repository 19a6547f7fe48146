import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { toy } from '../dashscope/chat.js';
import { readScript } from '../dashscope/ear.js';
import { createPhraseBook } from './phrase-book.js';
import { readSettings } from './settings.js';

describe('the emulators by hand', () => {
  it('answer at once unless told, and at the benchmark’s speeds when asked', () => {
    expect(readSettings([])).toMatchObject({
      recognitionSpeed: undefined,
      chatMs: 0,
      voiceMs: 0,
      requestsPerMinute: 180,
    });
    expect(readSettings(['--realistic', '--chat-ms', '5'])).toMatchObject({
      ...{ recognitionSpeed: 60, chatMs: 5, voiceMs: 1200, voiceShare: 0.15 },
    });
  });

  it('read faults: a status or a kind, once, often or always', () => {
    const { faults } = readSettings(['--fail', 'tts=429x3', '--fail', 'asr.submit=reset-after']);
    expect(faults).toEqual([
      {
        endpoint: 'tts',
        fault: { kind: 'status', status: 429, code: 'Throttling.RateQuota', times: 3 },
      },
      { endpoint: 'asr.submit', fault: { kind: 'reset-after', delayMs: 5000 } },
    ]);
  });

  it.each([
    [['--port', 'x'], '--port takes a number, not x.'],
    [['--film', 'talk.mp4'], '--film takes NAME=FILE.srt, not talk.mp4.'],
    [['--fail', 'tts=burn'], '--fail: burn is neither a status'],
  ])('say what is wrong with %j', (args, message) => {
    expect(() => readSettings(args)).toThrow(message);
  });
});

describe('the phrase book', () => {
  it('translates a line, lines that were joined, and others by the toy tongue', async () => {
    const [said = [], meant = []] = await Promise.all(
      ['en', 'es'].map(async (name) => readScript(await readFile(`fixtures/talk.${name}.srt`, 'utf8'))),
    );
    const book = createPhraseBook();
    book.learn(said, 'es', meant);
    expect(book.translate(said[1]!.text, 'en', 'es')).toBe(meant[1]!.text);
    expect(book.translate(`${said[1]!.text} ${said[2]!.text}`, 'en', 'es-MX')).toBe(
      `${meant[1]!.text} ${meant[2]!.text}`,
    );
    expect(book.translate('Something else.', 'en', 'es')).toBe(toy('Something else.'));
    expect(book.translate(said[1]!.text, 'en', 'fr')).toBe(toy(said[1]!.text));
  });
});
