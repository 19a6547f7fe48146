import { describe, expect, it } from 'vitest';
import { readRecurringNames } from '../../src/subtitles/recurring-names.js';

const read = (...texts: string[]) =>
  readRecurringNames(texts.map((text) => ({ text }))).map((cue: { text: string; speaker?: string }) =>
    cue.speaker === undefined ? cue.text : `<${cue.speaker}> ${cue.text}`,
  );

describe('readRecurringNames', () => {
  it('takes names that come back for speakers', () => {
    expect(read('Anna: Hello.', 'Dr. Brown: Good day.', 'Anna: Sit down.', 'Dr. Brown: Thanks.', 'Silence.')).toEqual([
      '<Anna> Hello.',
      '<Dr. Brown> Good day.',
      '<Anna> Sit down.',
      '<Dr. Brown> Thanks.',
      'Silence.',
    ]);
  });

  it('takes a name before every cue for a speaker, even if it comes once', () => {
    expect(read('Anna: Hello.', 'Ben: Good day.')).toEqual(['<Anna> Hello.', '<Ben> Good day.']);
  });

  it.each([
    [
      ['0: Hello.', '1: Good day.', '0: Sit down.'],
      ['<0> Hello.', '<1> Good day.', '<0> Sit down.'],
    ],
    [
      ['小明：你好。', '老师: 早上好。', '小明：再见。', '老师: 再见。'],
      ['<小明> 你好。', '<老师> 早上好。', '<小明> 再见。', '<老师> 再见。'],
    ],
    [
      ['der Wirt: Ja.', 'Gast 2: Nein.', 'der Wirt: Doch.', 'Gast 2: Gut.'],
      ['<der Wirt> Ja.', '<Gast 2> Nein.', '<der Wirt> Doch.', '<Gast 2> Gut.'],
    ],
  ])('takes few labels before all cues for speakers, whatever they look like: %j', (texts, expected) => {
    expect(read(...texts)).toEqual(expected);
  });

  it.each([
    [['1: Wash.', '2: Rinse.', '3: Repeat.']],
    [['0: Hello.', 'Nobody.', '1: Good day.', '0: Yes.']],
    [['Remember: drink water.', 'Remember: sleep.', 'And rest.']],
    [['Note: this is old.', 'Note: this too.', 'Warning: hot.', 'Warning: cold.']],
    [['At 10:30 we left.', '10:30: we left.', 'Twelve: noon']],
    [['He said: come.', 'She said: go.']],
    [['Anna: Hello.', 'Nobody else.', 'Nobody at all.']],
  ])('leaves speech alone: %j', (texts) => {
    expect(read(...texts)).toEqual(texts);
  });

  it('leaves cues alone whose speaker is known', () => {
    const cues = [
      { text: 'Anna: no.', speaker: 'Ben' },
      { text: 'Anna: yes.', speaker: 'Ben' },
    ];
    expect(readRecurringNames(cues)).toEqual(cues);
  });
});
