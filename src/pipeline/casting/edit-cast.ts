import { stat } from 'node:fs/promises';
import { dirname, join, parse, relative, resolve } from 'node:path';
import { nearestNames } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { Voice } from '../../providers/tts/contract.js';
import { assignVoices, genderOfPitch } from '../../stages/cast/assign.js';
import { fitName, writeWhole } from '../../workspace/files.js';
import { toJsonText } from '../readable.js';
import { type CastEntry, type CastFile, castFileName, readCastFile } from './cast-file.js';
import { isRecording } from './samples.js';
import { sameSpeaker } from './wanted.js';

/** A cast file, and where it lies. */
export interface FoundCast {
  readonly path: string;
  readonly speakers: CastFile['speakers'];
}

/**
 * The cast of a work folder, of an input with a work folder beside it, or a cast file itself.
 * @throws INPUT_UNREADABLE when there is none yet
 */
export async function findCast(path: string): Promise<FoundCast> {
  const found = await lookForCast(path);
  if (found !== undefined) return found;
  const file = await castPathOf(path);
  throw new DubError('INPUT_UNREADABLE', `There is no cast yet for ${path}: ${file} is not there.`, {
    hint: 'A run writes it when it knows who speaks. Name its work folder, the input beside it, or a cast file.',
  });
}

/** As `findCast`; undefined when there is none yet. */
export async function lookForCast(path: string): Promise<FoundCast | undefined> {
  const file = await castPathOf(path);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  return isThere ? { path: file, speakers: (await readCastFile(file)).speakers } : undefined;
}

async function castPathOf(path: string): Promise<string> {
  if (path.endsWith('.json')) return path;
  return join(await workFolderOf(path), castFileName);
}

/** A work folder itself, or the one that lies beside an input unless it was told otherwise. */
export async function workFolderOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? path : join(dirname(path), fitName(parse(path).name, '.dub'));
}

/** What a speaker is to be given. */
export interface CastChange {
  readonly speaker: string;
  /** A voice's name, `clone`, or the path of a recording. */
  readonly voice: string;
}

/**
 * Changes voices in a cast file; all else in it stays.
 * @param provider label of the engine that the voices are of; undefined leaves the engines as they are
 * @throws USAGE for a speaker who is not in it
 */
export async function changeCast(
  found: FoundCast,
  changes: readonly CastChange[],
  provider: string | undefined,
): Promise<FoundCast> {
  const speakers: Record<string, CastEntry> = { ...found.speakers };
  for (const { speaker, voice } of changes) {
    const name = Object.keys(speakers).find((known) => sameSpeaker(known, speaker));
    if (name === undefined) throw unknownSpeaker(speaker, Object.keys(speakers));
    const { voice: _voice, sample: _sample, ...rest } = speakers[name]!;
    const given = (await isRecording(voice)) ? { sample: { file: fileFor(voice, found.path) } } : { voice };
    speakers[name] = { ...rest, ...(provider === undefined ? {} : { provider }), ...given };
  }
  await writeWhole(found.path, toJsonText({ v: 1, speakers }));
  return { ...found, speakers };
}

/** Voices that would suit a speaker, best first. */
export interface Suggestion {
  readonly speaker: string;
  readonly pitchHz: number | undefined;
  readonly voices: readonly Voice[];
}

const mostSuggested = 3;

/** The voice that a run would choose for each speaker, and two more of the same gender. */
export function suggestVoices(speakers: CastFile['speakers'], voices: readonly Voice[]): Suggestion[] {
  const asked = Object.entries(speakers).map(([speaker, { gender, pitchHz }]) => ({
    ...{ speaker, pitchHz, gender: gender ?? genderOfPitch(pitchHz) },
  }));
  const chosen = assignVoices(asked, voices, new Set());
  return asked.map(({ speaker, pitchHz, gender }) => {
    const first = chosen.get(speaker)!;
    const more = voices.filter((voice) => voice !== first && (gender === undefined || voice.gender === gender));
    return { speaker, pitchHz, voices: [first, ...more].slice(0, mostSuggested) };
  });
}

function fileFor(voice: string, castPath: string): string {
  const inside = relative(dirname(castPath), resolve(voice));
  return inside.startsWith('..') ? resolve(voice) : inside;
}

function unknownSpeaker(speaker: string, known: readonly string[]): DubError {
  const near = nearestNames(speaker, known);
  return new DubError('USAGE', `The cast has no speaker ${speaker}.`, {
    hint: near.length > 0 ? `Near ones: ${near.join(', ')}.` : `It has ${known.join(', ')}.`,
  });
}
