import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AsrSample, asrConformance } from '../../../src/providers/asr/conformance.js';
import type { SubtitleTrack } from '../../../src/providers/asr/contract.js';
import { subtitles } from '../../../src/providers/asr/subtitles/index.js';
import { runChecks } from '../../../src/providers/conformance.js';
import { segment } from '../../../src/stages/segment/index.js';
import { calm, expectConformance, noTracks, temporaryFolder } from '../support.js';

const hello =
  '1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>.\n\n2\n00:00:03,000 --> 00:00:04,000\n[music]\n\n7\n00:00:05,000 --> 00:00:06,000\nBOB: General\nKenobi!\n';
const numbers = 'WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>One two\n\n00:02.000 --> 00:03.000\nthree four\n';
let folder: string;

function make(options: Record<string, unknown> = {}) {
  return subtitles.create(subtitles.options.parse(options), { scratch: folder });
}

function track(index: number, language?: string): SubtitleTrack {
  return { index, language, codec: 'subrip' };
}

function sample(text: string, words: string[]): AsrSample {
  const request = { subtitleTracks: [track(2, 'eng')], readSubtitleTrack: async () => text };
  return { request, words, durationMs: 10_000 };
}

async function writeCues(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

beforeAll(async () => {
  folder = await temporaryFolder();
});

test('subtitles as a script conform', async () => {
  const results = await runChecks(
    asrConformance,
    {
      provider: make(),
      language: 'en',
      speech: sample(hello, ['hello', 'there', 'general', 'kenobi']),
      otherSpeech: sample(numbers, ['one', 'two', 'three', 'four']),
      leastRecall: 1,
      failing: async (fault) => {
        if (fault === 'missing') return { provider: make({ file: join(folder, 'gone.srt') }) };
        if (fault === 'empty') return { provider: make({ file: await writeCues('empty.en.srt', '') }) };
        if (fault === 'garbage')
          return { provider: make({ file: await writeCues('bytes.en.srt', '\u0001\u0002 no cues') }) };
        return undefined;
      },
    },
    {
      excused: {
        'takes a reply that breaks off for an error, not for a short transcript': 'a file has no end to miss',
      },
    },
  );
  const unmade = (fault: string) => `the subject cannot make the fault "${fault}"`;
  expectConformance(results, {
    'finds no speech in silence, and says so without an error': 'it reads no sound',
    'warns when it was asked for speakers and can tell none': 'it can tell speakers',
    'refuses a language it does not know, by name': 'it knows any language',
    'refuses sound that is not there': 'it reads no sound',
    'takes a reply that breaks off for an error, not for a short transcript': 'a file has no end to miss',
    'ends a hang at its time limit': unmade('hang'),
    'rejects at once when aborted, and leaves nothing open': unmade('stall'),
    'takes a crash midway for an error': unmade('crash'),
    'passes a refusal on with its own words': unmade('refuse'),
    'never repeats a request that was refused for its key': unmade('auth'),
    'waits as it is told when it asked too often, or says how long to wait': unmade('rate-limit'),
    'keeps secrets out of every error': 'the subject names no secrets',
  });
});

describe('a subtitle file as the script', () => {
  test('gives one segment per spoken cue, under the cue’s own number', async () => {
    const file = await writeCues('talk.en.srt', hello);
    const { transcript, warnings } = await make({ file }).transcribe({ ...noTracks }, calm);
    expect(transcript).toEqual({
      language: 'en',
      segments: [
        { id: '1', startMs: 1000, endMs: 2500, text: 'Hello there.', speaker: undefined, words: [] },
        { id: '7', startMs: 5000, endMs: 6000, text: 'General Kenobi!', speaker: 'BOB', words: [] },
      ],
    });
    expect(warnings).toEqual(['talk.en.srt: cues that only describe sounds are not voiced: 2.']);
  });

  test.each([
    ['talk.pt-BR.forced.vtt', 'pt-BR'],
    ['my.talk.de.srt', 'de'],
    ['talk.eng.srt', 'en'],
  ])('the name %s tells that it is %s', async (name, language) => {
    const file = await writeCues(name, numbers);
    expect((await make({ file }).transcribe({ ...noTracks }, calm)).transcript.language).toBe(language);
  });

  test('the language that was named goes before the file’s name', async () => {
    const file = await writeCues('talk.en.srt', hello);
    expect((await make({ file }).transcribe({ ...noTracks, language: 'fr' }, calm)).transcript.language).toBe('fr');
  });

  test('a language that nothing tells must be named', async () => {
    const file = await writeCues('talk.srt', hello);
    await expect(make({ file }).transcribe({ ...noTracks }, calm)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'The language of talk.srt is not known.',
      hint: 'Name it with --from LANG, or in the file’s name: `talk.en.srt`.',
    });
  });

  test('is ready with its name and number of cues', async () => {
    const file = await writeCues('talk.en.srt', hello);
    expect(await make({ file }).ready(calm)).toEqual({ ready: true, detail: 'talk.en.srt, 2 cues' });
  });

  test('a folder is no subtitle file', async () => {
    await expect(make({ file: folder }).transcribe({ ...noTracks }, calm)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('EISDIR'),
    });
  });

  test('says when speakers were asked for and the cues name none', async () => {
    const file = await writeCues('plain.en.srt', '1\n00:00:01,000 --> 00:00:02,000\nHello\n');
    const { warnings } = await make({ file }).transcribe({ ...noTracks, speakers: 'auto' }, calm);
    expect(warnings).toEqual(['The subtitles name no speakers, so all lines are one speaker’s.']);
  });
});

describe('a subtitle track as the script', () => {
  const tracks = [track(2, 'fre'), track(3), track(4, 'eng'), track(5, 'por')];
  const chosen = async (options: Record<string, unknown>, language?: string) => {
    const read: number[] = [];
    const readSubtitleTrack = async (index: number) => {
      read.push(index);
      return numbers;
    };
    const reply = await make(options).transcribe({ subtitleTracks: tracks, readSubtitleTrack, language }, calm);
    return { index: read[0], language: reply.transcript.language, warnings: reply.warnings };
  };

  test('is the one in the source’s language', async () => {
    expect(await chosen({}, 'en-US')).toEqual({ index: 4, language: 'en-US', warnings: [] });
  });

  test('is one without a language when none has the right one', async () => {
    expect(await chosen({}, 'de')).toEqual({ index: 3, language: 'de', warnings: [] });
  });

  test('is the first when the language is not known, and tells it', async () => {
    expect(await chosen({})).toEqual({ index: 2, language: 'fr', warnings: [] });
  });

  test('can be named by index or language', async () => {
    expect((await chosen({ track: '4' })).index).toBe(4);
    expect((await chosen({ track: 'pt-BR' })).index).toBe(5);
    expect((await chosen({ track: 'eng' })).language).toBe('en');
  });

  test('warns when it is tagged with another language than the one named', async () => {
    expect((await chosen({ track: '2' }, 'en')).warnings).toEqual([
      'The subtitle track 2 is tagged fr, and is read as en because --from says so.',
    ]);
  });

  test('that is not there is refused with a list of those that are', async () => {
    await expect(chosen({ track: 'ja' })).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message:
        'The input has no text subtitle track for ja; it has: 2 (fre, subrip), 3 (no language, subrip), 4 (eng, subrip), 5 (por, subrip).',
    });
    await expect(make().transcribe({ ...noTracks }, calm)).rejects.toMatchObject({
      message: 'The input has no text subtitle track; it has: none.',
    });
  });

  test('without any language must be given one', async () => {
    await expect(chosen({ track: '3' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('needs no look beforehand', async () => {
    expect(await make({ track: '4' }).ready(calm)).toEqual({
      ready: true,
      detail: 'reads the subtitle track 4 of the input',
    });
  });
});

test('two unnamed speakers are two voices, in one cue and from one to the next', async () => {
  const text = [
    '1\n00:00:01,000 --> 00:00:03,000\n- are you coming\n- no I am not\n',
    '2\n00:00:03,000 --> 00:00:04,000\n>> because it rains\nall day\n',
    '3\n00:00:04,000 --> 00:00:05,000\n- [laughs]\n',
  ].join('\n');
  const file = await writeCues('dashes.en.srt', text);
  const { transcript } = await make({ file }).transcribe({ ...noTracks, language: 'en' }, calm);
  expect(transcript.segments).toMatchObject([
    { id: '1', text: '- are you coming', startMs: 1000, endMs: 2120 },
    { id: '1-2', text: '- no I am not', startMs: 2120, endMs: 3000 },
    { id: '2', text: '- because it rains all day', startMs: 3000, endMs: 4000 },
  ]);
  const { utterances } = segment({ ...transcript, provider: 'subtitles' }, 10_000);
  expect(utterances.map((line) => line.text)).toEqual(['are you coming', 'no I am not', 'because it rains all day']);
});
