import { describe, expect, it } from 'vitest';
import { isSpoken, spokenText, startsNewVoice } from '../../src/subtitles/spoken.js';

describe('spokenText', () => {
  it.each([
    '[music]',
    '[upbeat music\nplaying]',
    '(laughs)',
    '(door slams\nin the distance)',
    '♪ la la la ♪',
    '♪ la la\nla la la ♪',
    'la la la ♪',
    '# la la #',
    '【音楽】',
    '（拍手）',
    '...',
    '- [laughter]',
    '',
    '♪♪',
  ])('finds nothing spoken in %j', (text) => {
    expect(spokenText(text)).toBe('');
    expect(isSpoken(text)).toBe(false);
  });

  it.each([
    ['[sighs] I know.', 'I know.'],
    ['(SIGHING) I know.', 'I know.'],
    ['(TO HERSELF) I know.', 'I know.'],
    ['I know. (laughs softly)', 'I know.'],
    ['♪ la la ♪ Turn it off!', 'Turn it off!'],
    ['- Hi there.\n- Hello.', 'Hi there. Hello.'],
    ['>> Good evening.', 'Good evening.'],
    ['（田中）こんにちは', 'こんにちは'],
    ['two\nlines', 'two lines'],
    ['We met Bob (my cousin).', 'We met Bob (my cousin).'],
    ['(He was, of course, wrong.)', '(He was, of course, wrong.)'],
    ['(I) know', '(I) know'],
    ['five - no, six', 'five - no, six'],
    ['-5 degrees', '-5 degrees'],
    ['40', '40'],
    ['# 1 in the charts', '# 1 in the charts'],
    ['価格（税込）は百円', '価格（税込）は百円'],
  ])('voices of %j %j', (text, spoken) => {
    expect(spokenText(text)).toBe(spoken);
    expect(isSpoken(text)).toBe(true);
  });

  it('knows dashes and >> as the sign of a new voice', () => {
    expect(['- Hi', '– Hi', '>> Hi', ' >>Hi'].map(startsNewVoice)).toEqual([true, true, true, true]);
    expect(['-5', 'Hi - there', '> Hi'].map(startsNewVoice)).toEqual([false, false, false]);
  });
});
