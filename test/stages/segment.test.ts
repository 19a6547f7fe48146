import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Script, Utterance } from '../../src/domain/script.js';
import { overlapMs, type Span } from '../../src/domain/time.js';
import type { Segment, Transcript } from '../../src/domain/transcript.js';
import { segment, segmentsLeftOut } from '../../src/stages/segment/index.js';
import { countSettled } from '../../src/stages/segment/settled.js';
import { splitSentences } from '../../src/subtitles/sentences.js';

const programmeMs = 100_000;

function transcript(segments: readonly Partial<Segment>[], language = 'en'): Transcript {
  const whole = segments.map((one, index) => ({
    id: String(index + 1),
    text: '',
    startMs: 0,
    endMs: 0,
    words: [],
    ...one,
  }));
  return { language, provider: 'test', segments: whole };
}

/** A word, or a word and the pause before it. */
type Said = string | readonly [string, number];

/** A segment whose words last 250 ms each, 50 ms apart. */
function spoken(words: readonly Said[], more: Partial<Segment> = {}): Partial<Segment> {
  let at = more.startMs ?? 0;
  const timed = words.map((word) => {
    const [text, pause] = typeof word === 'string' ? [word, 50] : word;
    const startMs = at === (more.startMs ?? 0) ? at : at + pause;
    at = startMs + 250;
    return { text, startMs, endMs: at };
  });
  const text = timed.map((word) => word.text).join(' ');
  return { startMs: timed[0]!.startMs, endMs: at, text, words: timed, ...more };
}

const cue = (startMs: number, endMs: number, text: string, speaker?: string): Partial<Segment> => ({
  startMs,
  endMs,
  text,
  speaker,
});
const texts = (script: Script) => script.utterances.map((one) => one.text);
const of = (segments: readonly Partial<Segment>[], language = 'en') =>
  segment(transcript(segments, language), programmeMs);
const manyWords = (text: string, times: number) => Array.from({ length: times }, () => text.split(' ')).flat();

describe('segment, from words', () => {
  it('cuts at sentence ends', () => {
    const script = of([spoken('We saw Dr. Smith at 3.5 percent. He was in the U.S. Senate then.'.split(' '))]);
    expect(texts(script)).toEqual(['We saw Dr. Smith at 3.5 percent.', 'He was in the U.S. Senate then.']);
    expect(script.utterances.map((one) => [one.id, one.startMs, one.endMs, one.speaker])).toEqual([
      ['u0001', 0, 2050, 'A'],
      ['u0002', 2100, 4150, 'A'],
    ]);
  });

  it('cuts at a pause of 700 ms and not at a shorter one', () => {
    const words = (pause: number) =>
      spoken(['so', 'we', 'went', 'all', 'on', ['and', pause], 'then', 'it', 'just', 'was']);
    expect(texts(of([words(700)]))).toEqual(['so we went all on', 'and then it just was']);
    expect(texts(of([words(699)]))).toHaveLength(1);
  });

  it.each<[readonly Said[], string]>([
    [['it', 'is', 'about', '10', ['km', 900], 'to', 'the', 'town'], 'it is about 10 km to the town'],
    [['it', 'is', 'there', 'that', 'Dr.', ['Smith', 900], 'has', 'gone'], 'it is there that Dr. Smith has gone'],
    [['we', 'all', 'know', 'J.', ['F.', 900], ['Kennedy', 900], 'then'], 'we all know J. F. Kennedy then'],
    [['it', 'must', 'be', 'room', 'No.', ['5', 900], 'down', 'there'], 'it must be room No. 5 down there'],
  ])('does not cut %j at the pause inside', (words, text) => {
    expect(texts(of([spoken(words)]))).toEqual([text]);
  });

  it('cuts a countdown at its pauses', () => {
    expect(
      texts(
        of([
          spoken([
            ['3', 0],
            ['2', 2000],
            ['1', 2000],
          ]),
        ]),
      ),
    ).toEqual(['3', '2', '1']);
  });

  it('cuts where the speaker changes, and joins one speaker over segments', () => {
    const script = of([
      spoken(['I', 'went', 'to', 'the', 'big'], { speaker: 'S1' }),
      spoken(['old', 'shop.'], { speaker: 'S1', startMs: 1500 }),
      spoken(['And', 'what', 'was', 'in', 'it?'], { speaker: 'S2', startMs: 2150 }),
    ]);
    expect(script.utterances.map((one) => [one.speaker, one.text, one.segmentIds])).toEqual([
      ['S1', 'I went to the big old shop.', ['1', '2']],
      ['S2', 'And what was in it?', ['3']],
    ]);
  });

  it('does not let a murmur of another cut a sentence, but a turn does', () => {
    const before = spoken(['I', 'think', 'that', 'it', 'was'], { speaker: 'A' });
    const murmur = (startMs: number) => spoken(['mm'], { speaker: 'B', startMs });
    const after = spoken(['rather', 'late', 'by', 'then', 'already'], { speaker: 'A', startMs: 1900 });
    expect(texts(of([before, murmur(1000), after]))).toEqual(['I think that it was rather late by then already', 'mm']);
    expect(texts(of([before, murmur(1550), after]))).toEqual([
      'I think that it was',
      'mm',
      'rather late by then already',
    ]);
  });

  it('cuts speech without punctuation at 15 s, where a phrase ends, into like parts', () => {
    const script = of([spoken(manyWords('the house of cards and then 10 km', 15))]);
    const lengths = script.utterances.map((one) => one.endMs - one.startMs);
    expect(lengths).toHaveLength(3);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(15_000);
    expect(Math.min(...lengths)).toBeGreaterThan(9000);
    for (const one of script.utterances) expect(one.text).toMatch(/^(?:the|and) .*(?:km|cards)$/);
  });

  it('prefers a pause when it must cut', () => {
    const words = manyWords('gold', 60).map((word, index) => (index === 35 ? ([word, 650] as const) : word));
    const [first] = of([spoken(words)]).utterances;
    expect(first!.text.split(' ')).toHaveLength(35);
  });

  it('joins what is very short to the nearer neighbour of the same speaker', () => {
    const script = of([
      spoken(['Yes.', ['It', 100], 'was', 'late', 'in', 'May.', ['No.', 400], ['We', 60], 'all', 'went', 'there.']),
    ]);
    expect(texts(script)).toEqual(['Yes. It was late in May.', 'No. We all went there.']);
  });

  it('leaves a short one alone after a pause or between others', () => {
    const script = of([
      spoken(['It', 'was', 'late', 'in', 'May.', ['Yes.', 900]], { speaker: 'A' }),
      spoken(['Really?'], { speaker: 'B', startMs: 2800 }),
      spoken(['Sure.'], { speaker: 'A', startMs: 3100 }),
    ]);
    expect(texts(script)).toEqual(['It was late in May.', 'Yes.', 'Really?', 'Sure.']);
  });

  it('takes punctuation from the text when the words come without it', () => {
    const words = spoken('so ask not what he said it cost 5 so there'.split(' ')).words!;
    const text = 'So: ask not — "what he said?" It cost (¿5?) so there!';
    expect(texts(of([{ startMs: 0, endMs: 4000, text, words }]))).toEqual([
      'So: ask not — "what he said?"',
      'It cost (¿5?) so there!',
    ]);
  });

  it('takes the words as they are when the text has others', () => {
    const { words } = spoken(['some', 'words', ',', 'and', 'others']);
    expect(texts(of([{ startMs: 0, endMs: 1500, text: 'Nothing alike.', words: words! }]))).toEqual([
      'some words, and others',
    ]);
    const far = `some ${'x'.repeat(90)} words`;
    expect(texts(of([{ ...spoken(['some', 'words']), text: far }]))).toEqual(['some words']);
  });

  it('joins Chinese without spaces and keeps those of its Latin words', () => {
    const { words } = spoken([...'你好我用', 'Windows', ...'系统今天是', '5', ...'月']);
    const text = '你好，我用 Windows 系统。今天是5月。';
    expect(texts(of([{ startMs: 0, endMs: 4500, text, words: words! }], 'zh'))).toEqual([
      '你好，我用 Windows 系统。',
      '今天是5月。',
    ]);
    expect(texts(of([{ startMs: 0, endMs: 4500, text: '', words: words! }], 'zh'))).toEqual([
      '你好我用Windows系统今天是5月',
    ]);
  });

  it('voices no sounds, songs or marks of a new speaker', () => {
    const script = of([
      spoken(['>>', 'It', '[loud', 'music]', 'was', '(laughs)', 'late', '♪', 'la', 'la', '♪', 'so', 'late']),
      spoken(['[applause]'], { startMs: 9000 }),
    ]);
    expect(texts(script)).toEqual(['It was late', 'so late']);
    expect(segmentsLeftOut(transcript([spoken(['[applause]'])]), programmeMs)).toEqual([
      { segmentId: '1', reason: 'not-spoken' },
    ]);
  });
});

describe('segment, from cues', () => {
  it('joins cues of one speaker while the sentence goes on', () => {
    const script = of([
      cue(1000, 4000, 'This is the optical and science part'),
      cue(4000, 7000, 'of the telescope. It is large.'),
      cue(7100, 9000, 'Nobody knows how large.'),
      cue(9700, 12_000, 'And after a pause'),
      cue(12_700, 14_000, 'there is more.'),
    ]);
    expect(script.utterances.map((one) => [one.text, one.segmentIds])).toEqual([
      ['This is the optical and science part of the telescope. It is large.', ['1', '2']],
      ['Nobody knows how large.', ['3']],
      ['And after a pause', ['4']],
      ['there is more.', ['5']],
    ]);
  });

  it('joins none that begins with a dash, and takes the dash off', () => {
    const script = of([cue(0, 2000, '- I think that it might'), cue(2100, 4000, '- No, it is not\n- Yes, it is')]);
    expect(texts(script)).toEqual(['I think that it might', 'No, it is not Yes, it is']);
  });

  it('joins up to 15 s and cuts between cues', () => {
    const script = of([
      cue(0, 9700, 'For although the press was known,'),
      cue(9800, 15_100, 'and by a similar process'),
      cue(15_200, 23_000, 'the invention of letters came.'),
    ]);
    expect(script.utterances.map((one) => one.segmentIds)).toEqual([['1'], ['2', '3']]);
  });

  it('splits a cue of more than 15 s at sentence ends, its time shared by length', () => {
    const script = of([cue(0, 28_000, 'Ten chars. Twenty characters ok. Dr. Ten ch. Twenty characters go.')]);
    expect(texts(script)).toEqual(['Ten chars. Twenty characters ok.', 'Dr. Ten ch. Twenty characters go.']);
    expect(script.utterances.map((one) => [one.startMs, one.endMs])).toEqual([
      [0, 13_778],
      [13_778, 28_000],
    ]);
    expect(script.utterances.every((one) => one.segmentIds.join() === '1')).toBe(true);
  });

  it('leaves a cue of more than 15 s whole when it is one sentence', () => {
    expect(of([cue(0, 20_000, 'Only one sentence here')]).utterances).toMatchObject([{ startMs: 0, endMs: 20_000 }]);
  });

  it('joins very short cues', () => {
    expect(texts(of([cue(0, 999, 'Hildy!'), cue(1000, 1499, 'How are you?')]))).toEqual(['Hildy! How are you?']);
    expect(texts(of([cue(0, 999, '嗯。'), cue(1000, 3000, '你好吗？')], 'zh'))).toEqual(['嗯。你好吗？']);
  });

  it('calls a speaker nobody named A, or by the only name when the first segment bears it', () => {
    const speakers = (...names: (string | undefined)[]) =>
      of(names.map((name, index) => cue(index * 3000, index * 3000 + 2000, 'A sentence.', name))).utterances.map(
        (one) => one.speaker,
      );
    expect(speakers(undefined, undefined)).toEqual(['A', 'A']);
    expect(speakers('NAR', undefined)).toEqual(['NAR', 'NAR']);
    expect(speakers(undefined, 'BOB', undefined)).toEqual(['A', 'BOB', 'A']);
    expect(speakers('ANN', undefined, 'BOB')).toEqual(['ANN', 'A', 'BOB']);
  });

  it('lets an unnamed cue go on with the sentence of the named speaker before it', () => {
    const script = of([
      cue(0, 2000, 'I went to see', 'ANN'),
      cue(2100, 4000, 'the old house.'),
      cue(4100, 6000, 'And then?', 'BOB'),
    ]);
    expect(script.utterances.map((one) => [one.speaker, one.text])).toEqual([
      ['ANN', 'I went to see the old house.'],
      ['BOB', 'And then?'],
    ]);
  });

  it('clamps what reaches past the programme and leaves out what lies outside or is not spoken', () => {
    const given = transcript([
      cue(-2000, -1000, 'Before.'),
      cue(-500, 1500, 'At the start.'),
      cue(8000, 12_000, 'At the end.'),
      cue(10_000, 11_000, 'After.'),
      cue(3000, 4000, '[music]'),
      cue(5000, 6000, ''),
    ]);
    const script = segment(given, 10_000);
    expect(script.utterances.map((one) => [one.text, one.startMs, one.endMs])).toEqual([
      ['At the start.', 0, 1500],
      ['At the end.', 8000, 10_000],
    ]);
    expect(segmentsLeftOut(given, 10_000)).toEqual([
      { segmentId: '1', reason: 'outside-programme' },
      { segmentId: '5', reason: 'not-spoken' },
      { segmentId: '6', reason: 'not-spoken' },
      { segmentId: '4', reason: 'outside-programme' },
    ]);
  });

  it('makes an empty script of an empty transcript', () => {
    expect(of([])).toEqual({ language: 'en', utterances: [] });
  });
});

describe('slots', () => {
  const slots = (segments: readonly Partial<Segment>[], end = 20_000) =>
    segment(transcript(segments), end).utterances.map((one) => [one.slot.startMs, one.slot.endMs]);

  it('borrow at most 300 ms before and 2 s after, and no time of anyone else', () => {
    expect(
      slots([
        cue(1000, 3000, 'One sentence.', 'A'),
        cue(3200, 5000, 'Two sentences.', 'B'),
        cue(10_000, 12_000, 'Three sentences.', 'A'),
        cue(16_000, 19_000, 'Four sentences.', 'B'),
      ]),
    ).toEqual([
      [700, 3200],
      [3000, 7000],
      [9700, 14_000],
      [15_700, 20_000],
    ]);
  });

  it('borrow nothing where someone else speaks at the edge', () => {
    expect(
      slots([
        cue(1000, 6000, 'A long sentence.', 'A'),
        cue(2000, 4000, 'Inside of it.', 'B'),
        cue(5500, 8000, 'Over its end.', 'C'),
      ]),
    ).toEqual([
      [700, 6000],
      [2000, 4000],
      [5500, 10_000],
    ]);
  });

  it('begin with the programme', () => {
    expect(slots([cue(100, 3000, 'One sentence.')])).toEqual([[0, 5000]]);
  });
});

/** Words carry their speaker and a number of their own, so that any loss, doubling or mixing shows. */
const anyTranscript = fc
  .array(
    fc.record({
      speaker: fc.constantFrom('a', 'b'),
      gap: fc.integer({ min: -1500, max: 2500 }),
      worded: fc.boolean(),
      words: fc.array(
        fc.record({
          stop: fc.constantFrom('', '', '', ',', '.', '?'),
          gap: fc.integer({ min: -50, max: 900 }),
          length: fc.integer({ min: 0, max: 2000 }),
        }),
        {
          minLength: 1,
          maxLength: 25,
        },
      ),
    }),
    { maxLength: 12 },
  )
  .map((segments) => {
    let at = 1000;
    let count = 0;
    return transcript(
      segments.map(({ speaker, gap, worded, words: made }) => {
        const from = Math.max(0, at + gap);
        at = from;
        const words = made.map((word) => {
          const startMs = at === from ? at : Math.max(from, at + word.gap);
          at = startMs + word.length;
          count++;
          return { text: `${speaker}w${count}x${word.stop}`, startMs, endMs: at };
        });
        const text = words.map((word) => word.text).join(' ');
        return { speaker, startMs: from, endMs: at, text, words: worded ? words : [] };
      }),
    );
  });

/** Within the limits, and what it borrows is nobody's. */
function slotIsRight({ slot, startMs, endMs }: Utterance, all: readonly Utterance[], end: number): boolean {
  const near = slot.startMs >= Math.max(0, startMs - 300) && slot.endMs <= Math.min(end, endMs + 2000);
  const whole = slot.startMs <= startMs && slot.endMs >= endMs;
  const before = { startMs: slot.startMs, endMs: startMs };
  const after = { startMs: endMs, endMs: slot.endMs };
  return near && whole && all.every((other) => overlapMs(other, before) === 0 && overlapMs(other, after) === 0);
}

function isOnePiece({ text, segmentIds }: Utterance): boolean {
  const isWord = !text.includes(' ');
  return isWord || (segmentIds.length === 1 && splitSentences(text, { language: 'en', cased: false }).length === 1);
}

describe('segment, whatever is given', () => {
  it('loses no word, mixes no speakers, keeps order, length, slots and ids', () => {
    fc.assert(
      fc.property(anyTranscript, fc.constantFrom(30_000, 1_000_000), (given, end) => {
        const { utterances } = segment(given, end);
        const left = new Set(segmentsLeftOut(given, end).map((one) => one.segmentId));
        const kept = given.segments.filter((one) => !left.has(one.id));
        const words = (said: readonly { text: string }[]) => said.flatMap((one) => one.text.split(' ')).sort();
        expect(words(utterances)).toEqual(words(kept));
        expect([...left].every((id) => given.segments.find((one) => one.id === id)!.startMs >= end)).toBe(true);
        expect(new Set(utterances.flatMap((one) => one.segmentIds))).toEqual(new Set(kept.map((one) => one.id)));
        utterances.forEach((one, index) => {
          expect(one.id).toBe(`u${String(index + 1).padStart(4, '0')}`);
          expect(one.startMs).toBeGreaterThanOrEqual(utterances[index - 1]?.startMs ?? 0);
          expect(one.text.split(' ').filter((word) => !word.startsWith(one.speaker))).toEqual([]);
          expect(one.startMs < one.endMs && one.endMs <= end).toBe(true);
          expect(slotIsRight(one, utterances, end)).toBe(true);
          expect(one.endMs - one.startMs <= 15_000 || isOnePiece(one)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('is the same every time', () => {
    fc.assert(
      fc.property(anyTranscript, (given) => {
        expect(segment(given, programmeMs)).toEqual(segment(given, programmeMs));
      }),
      { numRuns: 20 },
    );
  });
});

function later<T extends Span>(span: T, byMs: number): T {
  return { ...span, startMs: span.startMs + byMs, endMs: span.endMs + byMs };
}

describe('the settled beginning of a script', () => {
  const oneSpeaker = anyTranscript.map((given) => ({
    ...given,
    segments: given.segments
      .map(({ speaker: _, ...rest }) => rest)
      .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs),
  }));

  it('is what the whole script begins with, however the transcript goes on', () => {
    let settledInAll = 0;
    fc.assert(
      fc.property(oneSpeaker, fc.nat(12), (given, count) => {
        const end = 1_000_000;
        const first = given.segments.slice(0, count);
        const untilMs = Math.max(0, ...first.map(({ endMs }) => endMs));
        // Pieces of sound do not overlap: nothing that comes later begins before the first ones end.
        const rest = given.segments
          .slice(count)
          .map((one) => ({ ...later(one, untilMs), words: one.words.map((word) => later(word, untilMs)) }));
        const draft = segment({ ...given, segments: first }, end);
        const settled = countSettled(draft);
        settledInAll += settled;
        const whole = segment({ ...given, segments: [...first, ...rest] }, end).utterances;
        expect(whole.slice(0, settled)).toEqual(draft.utterances.slice(0, settled));
        if (settled > 0) expect(whole[settled]).toEqual(draft.utterances[settled]);
      }),
      { numRuns: 300 },
    );
    expect(settledInAll).toBeGreaterThan(0);
  });

  it('is nothing while no pause of 700 ms has passed', () => {
    const script = segment(
      transcript([
        { text: 'One of them.', endMs: 3000 },
        { text: 'Two of them.', startMs: 3690, endMs: 6000 },
      ]),
      9000,
    );
    expect([script.utterances.length, countSettled(script)]).toEqual([2, 0]);
  });
});
