import { join, relative, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Cast, CastMember } from '../../domain/cast.js';
import { readArtefact } from '../../workspace/folder.js';
import { toJsonText } from '../readable.js';
import type { Session } from '../session.js';
import { type CastEntry, type CastFile, castFileName, formatTimes, readWorkCast } from './cast-file.js';

/** What a run wrote into `cast.json`, to tell a person's edits from it. */
interface WrittenCast {
  readonly entries: Readonly<Record<string, CastEntry>>;
  /** Voices by speaker and language. */
  readonly voices: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const artefact = 'cast-written';
const nothing: WrittenCast = { entries: {}, voices: {} };

/** Reads what the last run wrote, which may have been by another version. */
async function readWritten(work: string): Promise<WrittenCast> {
  return (await readArtefact<WrittenCast>(work, artefact)) ?? nothing;
}

/** The cast of a work folder with only those speakers that a person has changed or added; undefined without one. */
export async function readEdits(work: string): Promise<CastFile | undefined> {
  const standing = await readWorkCast(join(work, castFileName));
  if (standing === undefined) return undefined;
  const { entries } = await readWritten(work);
  const edited = Object.entries(standing.speakers).filter(([speaker, entry]) => !isSame(entry, entries[speaker]));
  return { ...standing, speakers: Object.fromEntries(edited) };
}

/** Whether a person has moved the times of a sample that is otherwise as the run wrote it. */
export async function hasNewTimes(work: string, speaker: string, { sample }: CastEntry): Promise<boolean> {
  const ours = (await readWritten(work)).entries[speaker]?.sample;
  if (sample === undefined || !('times' in sample) || sample.times === undefined) return false;
  if (sample.file === undefined) return true;
  return (
    ours !== undefined && sample.file === ours.file && !isSame(sample.times, 'times' in ours ? ours.times : undefined)
  );
}

/** Writes the cast for people: what they have changed stays as it is, speakers of whom nothing is said here too. */
export async function writeCast({ members }: Cast, language: string, session: Session): Promise<void> {
  const { folder } = session;
  const standing = (await readWorkCast(join(folder.path, castFileName)))?.speakers ?? {};
  const before = await readWritten(folder.path);
  const voices = { ...before.voices };
  const entries: Record<string, CastEntry> = {};
  for (const [speaker, member] of Object.entries(members)) {
    voices[speaker] = { ...voices[speaker], [language]: member.voice };
    entries[speaker] = toEntry(member, voices[speaker], folder.path);
  }
  const isEdited = (speaker: string) =>
    standing[speaker] !== undefined && !isSame(standing[speaker], before.entries[speaker]);
  const speakers = Object.fromEntries(
    [...new Set([...Object.keys(standing), ...Object.keys(entries)])].map((speaker) => [
      speaker,
      isEdited(speaker) ? standing[speaker]! : (entries[speaker] ?? standing[speaker]!),
    ]),
  );
  // What a person has changed stays a change, although it is now what the run would write itself.
  const own = Object.entries(entries).filter(([speaker]) => !isEdited(speaker));
  await folder.keep(artefact, 'last run', { entries: { ...before.entries, ...Object.fromEntries(own) }, voices });
  if (!isSame(speakers, standing)) await session.write(castFileName, toJsonText({ v: 1, speakers }));
}

function toEntry(member: CastMember, voices: Readonly<Record<string, string>>, work: string): CastEntry {
  const { provider, sample, gender, pitchHz, note } = member;
  const distinct = [...new Set(Object.values(voices))];
  const voice = distinct.length === 1 ? distinct[0]! : voices;
  return {
    provider,
    ...(sample === undefined
      ? { voice }
      : {
          sample: {
            file: fileName(sample.path, work),
            ...(sample.spans === undefined ? {} : { times: sample.spans.map(formatTimes) }),
            ...(sample.text === undefined ? {} : { text: sample.text }),
          },
        }),
    ...(gender === undefined ? {} : { gender }),
    ...(pitchHz === undefined ? {} : { pitchHz }),
    ...(note === undefined ? {} : { note }),
  };
}

function fileName(path: string, work: string): string {
  const inside = relative(work, path);
  return inside.startsWith('..') ? path : inside.split(sep).join('/');
}

/** As plain JSON: what is undefined is not there. */
function isSame(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
  return isDeepStrictEqual(plain(a), plain(b));
}
