import { describe, expect, it } from 'vitest';
import type { Place } from '../../src/config/option.js';
import * as readers from '../../src/config/readers.js';
import { DubError } from '../../src/errors.js';

const place: Place = { label: '--flag', folder: '/videos', code: 'USAGE' };

function refusal(read: () => unknown): { readonly message: string; readonly hint: string | undefined } {
  try {
    read();
  } catch (error) {
    if (error instanceof DubError) return { message: error.message, hint: error.hint };
  }
  throw new Error('it was taken');
}

describe('languages', () => {
  it.each([
    ['es', ['es']],
    ['es,fr', ['es', 'fr']],
    ['es, fr ,es', ['es', 'fr']],
    ['Spanish', ['es']],
    ['español', ['es']],
    ['pt_br', ['pt-BR']],
    ['spa', ['es']],
    ['Brazilian Portuguese', ['pt-BR']],
    ['mandarin', ['zh']],
    ['zh-hans-cn', ['zh-Hans-CN']],
  ])('reads %s', (text, tags) => {
    expect(readers.readLanguages(text, place)).toEqual(tags);
  });

  it.each([
    ['jp', 'Did you mean `ja` (Japanese)?'],
    ['spanich', 'Did you mean `es` (Spanish)?'],
    ['germ', 'Did you mean `de` (German)?'],
    ['klingonish', 'Use a tag such as es, pt-BR or zh, or an English name such as Spanish.'],
  ])('refuses %s and says what is near', (text, hint) => {
    expect(refusal(() => readers.readLanguages(text, place))).toEqual({
      message: `--flag: \`${text}\` is not a language.`,
      hint,
    });
  });

  it('refuses a list of nothing', () => {
    expect(refusal(() => readers.readLanguages(' , ', place)).message).toBe('--flag names no language.');
  });
});

describe('a stretch of time', () => {
  it.each([
    ['1:00-1:30', 60_000, 90_000],
    ['90-120', 90_000, 120_000],
    ['0:00:10.5 - 0:00:11', 10_500, 11_000],
    ['1:00-', 60_000, Number.MAX_SAFE_INTEGER],
    ['-0:30', 0, 30_000],
  ])('reads %s', (text, startMs, endMs) => {
    expect(readers.readRange(text, place)).toEqual({ startMs, endMs });
  });

  it.each(['90', '1:75-2:00', 'a-b', '-'])('refuses %s', (text) => {
    expect(refusal(() => readers.readRange(text, place)).message).toBe(`--flag: \`${text}\` is not a stretch of time.`);
  });

  it('refuses one that ends before it starts', () => {
    expect(refusal(() => readers.readRange('2:00-1:00', place)).message).toBe(
      '--flag: `2:00-1:00` ends before it starts.',
    );
  });
});

describe('paths and names', () => {
  it('starts relative paths from the place', () => {
    expect(readers.readPath('talk.srt', place)).toBe('/videos/talk.srt');
    expect(readers.readPath('/else/talk.srt', place)).toBe('/else/talk.srt');
  });

  it('leaves a bare program name to PATH', () => {
    expect(readers.readProgram('ffmpeg', place)).toBe('ffmpeg');
    expect(readers.readProgram('./ffmpeg', place)).toBe('/videos/ffmpeg');
  });

  it('makes the path of a module absolute, and leaves a name with its model alone', () => {
    expect(readers.readProviderSpec('./my-tts.js', place)).toBe('/videos/my-tts.js');
    expect(readers.readProviderSpec('piper:es.onnx', place)).toBe('piper:es.onnx');
  });

  it('refuses nothing, blanks, other types and NUL', () => {
    expect(refusal(() => readers.readText(7, place)).message).toBe('--flag must be text, not `7`.');
    expect(refusal(() => readers.readText(['a'], place)).message).toBe('--flag must be text, not a list.');
    expect(refusal(() => readers.readText(null, place)).message).toBe('--flag must be text, not nothing.');
    expect(refusal(() => readers.readText({}, place)).message).toBe('--flag must be text, not a mapping.');
    expect(refusal(() => readers.readText(' ', place)).message).toBe('--flag is empty.');
    expect(refusal(() => readers.readText('a\0b', place)).message).toMatch(/NUL/);
  });
});

describe('the output path', () => {
  it.each([
    ['out.mp4', '/videos/out.mp4'],
    ['{dir}/{name}.{lang}{ext}', '{dir}/{name}.{lang}{ext}'],
    ['/done/{name}.mkv', '/done/{name}.mkv'],
    ['done/', '/videos/done/{name}.{lang}{ext}'],
  ])('reads %s as %s', (text, path) => {
    expect(readers.readOutput(text, place)).toBe(path);
  });

  it('refuses an unknown placeholder and names the nearest', () => {
    expect(refusal(() => readers.readOutput('{nam}.mp4', place))).toEqual({
      message: '--flag: `{nam}` is not a placeholder.',
      hint: 'Did you mean {name}? There are {dir}, {name}, {lang} and {ext}.',
    });
  });
});

describe('translations', () => {
  it('reads a language and a file', () => {
    expect(readers.readTranslations(['es=talk.es.srt', 'French=/x/fr.srt'], place)).toEqual([
      { language: 'es', path: '/videos/talk.es.srt' },
      { language: 'fr', path: '/x/fr.srt' },
    ]);
  });

  it('takes a part before = that is no language as part of the path', () => {
    expect(readers.readTranslations('take=2.srt', place)).toEqual([
      { language: undefined, path: '/videos/take=2.srt' },
    ]);
    expect(readers.readTranslations('a/es=b.srt', place)).toEqual([
      { language: undefined, path: '/videos/a/es=b.srt' },
    ]);
  });
});

describe('voices', () => {
  it('reads one for all, one for a speaker, and a mapping', () => {
    expect(readers.readVoices('es+f2', place)).toEqual({ '*': 'es+f2' });
    expect(readers.readVoices(['A=es', 'B = es-419'], place)).toEqual({ A: 'es', B: 'es-419' });
    expect(readers.readVoices({ A: 'es' }, place)).toEqual({ A: 'es' });
    const link = 'https://host/a.wav?sig=1';
    expect(readers.readVoices([link, `A=${link}`], place)).toEqual({ '*': link, A: link });
    for (const text of ['A=', '=es'])
      expect(() => readers.readVoices(text, place)).toThrow(`\`${text}\` is not of the form SPEAKER=VOICE.`);
  });

  it('sets no prototype', () => {
    const voices = readers.readVoices(JSON.parse('{"__proto__": "x"}'), place);
    expect(Object.getPrototypeOf(voices)).toBe(Object.prototype);
  });
});

describe('choices, numbers and switches', () => {
  it('refuses another word and names the nearest', () => {
    expect(refusal(() => readers.readChoice(['duck', 'keep', 'mute'])('dukc', place))).toEqual({
      message: '--flag must be duck, keep or mute, not `dukc`.',
      hint: 'Did you mean `duck`?',
    });
  });

  it('refuses a number out of bounds and notices a lost sign', () => {
    const read = readers.readNumber(-60, 0, 'dB');
    expect(read('-12.5', place)).toBe(-12.5);
    expect(refusal(() => read('12', place))).toEqual({
      message: '--flag must be a number from -60 to 0 dB, not `12`.',
      hint: 'Did you mean -12?',
    });
    expect(refusal(() => read('', place)).hint).toBeUndefined();
    expect(refusal(() => read(Number.NaN, place)).message).toMatch(/not `NaN`/);
  });

  it.each([
    ['yes', true],
    ['1', true],
    ['OFF', false],
    [false, false],
  ])('reads the switch %s', (raw, value) => {
    expect(readers.readSwitch(raw, place)).toBe(value);
  });

  it('refuses a switch that is neither', () => {
    expect(refusal(() => readers.readSwitch('perhaps', place)).message).toBe(
      '--flag must be true or false, not `perhaps`.',
    );
  });
});

describe('an audio track', () => {
  it.each([
    ['0', 0],
    [' 12 ', 12],
    [1, 1],
    ['en', 'en'],
    ['Spanish', 'es'],
  ])('%j is %j', (raw, value) => {
    expect(readers.readAudioTrack(raw, place)).toBe(value);
  });

  it('is no negative number, and no language that does not exist', () => {
    expect(refusal(() => readers.readAudioTrack(-1, place)).message).toContain('--flag must be the number of an audio');
    expect(refusal(() => readers.readAudioTrack('-1', place)).message).toContain('`-1` is not a language');
  });
});

describe('speakers', () => {
  it.each([
    ['auto', 'auto'],
    [' AUTO ', 'auto'],
    ['2', 2],
    [3, 3],
  ])('%j is %j', (raw, value) => {
    expect(readers.readSpeakers(raw, place)).toBe(value);
  });

  it.each(['two', '0', '101', '1.5', 2.5, true])('refuses %j', (raw) => {
    expect(refusal(() => readers.readSpeakers(raw, place)).message).toContain('--flag must be auto or a number from 1');
  });
});

describe('options of providers', () => {
  it('takes the words of the flags for the kinds', () => {
    const read = readers.readProviderOptions({ 'translator:apertium': { a: 1 }, 'tts:piper': { model: 'm' } }, place);
    expect(read).toEqual({ 'translation:apertium': { a: 1 }, 'tts:piper': { model: 'm' } });
  });

  it('starts relative paths from the place', () => {
    expect(readers.readProviderOptions({ 'tts:piper': { model: './m.onnx' } }, place)).toEqual({
      'tts:piper': { model: '/videos/m.onnx' },
    });
  });

  it('refuses what is no kind and no mapping', () => {
    expect(refusal(() => readers.readProviderOptions({ piper: {} }, place)).message).toBe(
      '--flag: `piper` names no provider.',
    );
    expect(refusal(() => readers.readProviderOptions({ 'tts:piper': 1 }, place)).message).toBe(
      '--flag: the options of `tts:piper` must be a mapping.',
    );
    expect(refusal(() => readers.readProviderOptions([], place)).message).toBe('--flag must be a mapping, not a list.');
  });
});
