import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cast } from '../../../src/domain/cast.js';
import { castFileName, readCastFile } from '../../../src/pipeline/casting/cast-file.js';
import { findSpeaker, wantedFor } from '../../../src/pipeline/casting/wanted.js';
import { hasNewTimes, readEdits, writeCast } from '../../../src/pipeline/casting/work-cast.js';
import type { Session } from '../../../src/pipeline/session.js';
import { openWorkFolder } from '../../../src/workspace/folder.js';
import { makeFolder, removeFolder } from '../../support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => removeFolder(folder));

const cast: Cast = {
  members: {
    A: { provider: 'qwen', voice: 'Ethan', gender: 'male', pitchHz: 110 },
    0: {
      provider: 'qwen',
      voice: 'sample-12',
      sample: { path: '', sha256: '12', durationMs: 6000, spans: [{ startMs: 1000, endMs: 7000 }], text: 'Hello.' },
    },
  },
};

/** Writes casts into a work folder as runs do. */
async function written(name: string, edit: (text: string) => string, second: Cast) {
  const work = await openWorkFolder(join(folder, name));
  const session = {
    folder: work,
    write: async (file: string, text: string) => void (await work.writeForPeople(file, text)),
  } as unknown as Session;
  const path = join(work.path, castFileName);
  const members = Object.entries(cast.members).map(([speaker, member]) => [
    speaker,
    member.sample
      ? { ...member, sample: { ...member.sample, path: join(work.path, 'voices', `${speaker}.wav`) } }
      : member,
  ]);
  await writeCast({ members: Object.fromEntries(members) as Cast['members'] }, 'es', session);
  const first = await readFile(path, 'utf8');
  await writeFile(path, edit(first));
  const edits = await readEdits(work.path);
  await writeCast(second, 'es', session);
  const beside = await readFile(join(work.path, 'cast.new.json'), 'utf8').catch(() => undefined);
  await work.close();
  return { work: work.path, first, edits, after: await readFile(path, 'utf8'), beside };
}

const error = async (text: string) => {
  const path = join(folder, 'bad.json');
  await writeFile(path, text);
  return readCastFile(path).catch((thrown: Error) => thrown.message.replace(path, 'FILE'));
};

describe('cast.json', () => {
  it('says who speaks with what, samples with their times', async () => {
    const { first } = await written('plain.dub', (text) => text, cast);
    expect(JSON.parse(first)).toEqual({
      v: 1,
      speakers: {
        A: { provider: 'qwen', voice: 'Ethan', gender: 'male', pitchHz: 110 },
        0: { provider: 'qwen', sample: { file: 'voices/0.wav', times: ['0:00:01.000-0:00:07.000'], text: 'Hello.' } },
      },
    });
  });

  it('is used where a person has changed it, and never overwritten there', async () => {
    const changed = { members: { ...cast.members, B: { provider: 'qwen', voice: 'Cherry' } } };
    const { edits, after, beside } = await written('edited.dub', (text) => text.replace('Ethan', 'Neil'), changed);
    expect(Object.keys(edits!.speakers)).toEqual(['A']);
    expect(edits!.speakers.A).toMatchObject({ voice: 'Neil' });
    expect(after).toContain('Neil');
    expect(after).not.toContain('Cherry');
    expect(beside).toContain('Neil');
    expect(beside).toContain('Cherry');
  });

  it('knows none of its own lines for an edit, and moved times for a sample to be cut anew', async () => {
    const same = await written('same.dub', (text) => JSON.stringify(JSON.parse(text)), cast);
    expect(same.edits).toMatchObject({ speakers: {} });
    const moved = await written('moved.dub', (text) => text.replace('0:00:01.000', '0:00:02.000'), cast);
    expect(await hasNewTimes(moved.work, '0', moved.edits!.speakers[0]!)).toBe(true);
  });

  it.each([
    [
      '{"speakers": {\n "A": {"voice": "x",\n "colour": 1}}}',
      'FILE, line 3: `speakers.A.colour` is nothing a cast knows.',
    ],
    [
      '{"speakers": {\n "A": {"provder": "x"}}}',
      'FILE, line 2: `speakers.A.provder` is nothing a cast knows; did you mean `provider`?.',
    ],
    ['{"speakers": {"A": {"pitchHz": "low"}}}', 'FILE, line 1: `speakers.A.pitchHz` is not right'],
    ['{"speakers": {"A": {"sample": {"times": ["7-5"]}}}}', 'FILE, line 1: `speakers.A.sample'],
    ['[]', 'FILE, line 1: `` is not right'],
    ['{"speakers": \n {"A": }}', 'FILE, line 2: it is no JSON'],
  ])('is refused with its line: %j', async (text, message) => {
    expect(await error(text)).toContain(message.replace('?.', '?'));
  });
});

describe('what is asked for a speaker', () => {
  it('comes from the first that names him or her, in capitals or not; speaker 0 is a speaker', () => {
    const wishes = {
      bySpeaker: [{ anna: { from: 'flag', voice: 'Cherry' } }, { Anna: { from: 'file', voice: 'Serena' } }],
      forAll: { from: 'all', voice: 'Ethan' },
    };
    const wanted = wantedFor(['ANNA', '0'], wishes);
    expect(wanted).toMatchObject({ ANNA: { voice: 'Cherry' }, 0: { voice: 'Ethan' } });
    expect(findSpeaker({ 0: 'nobody' }, '0')).toBe('nobody');
  });

  it('keeps the voice for all where only a note was made', () => {
    const wishes = { bySpeaker: [{ A: { from: 'file', note: 'old' } }], forAll: { from: 'all', voice: 'Ethan' } };
    expect(wantedFor(['A'], wishes)).toMatchObject({ A: { voice: 'Ethan', note: 'old' } });
  });
});
