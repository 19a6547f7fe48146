import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { nearestName } from '../../domain/nearest.js';
import { formatClock, parseClock, type Span } from '../../domain/time.js';
import { DubError } from '../../errors.js';

/** Name of the cast in a work folder. */
export const castFileName = 'cast.json';

/** What stands for the voice of a speaker who is to be cloned from the source. */
export const clonedVoice = 'clone';

const name = z.string().trim().min(1).max(200);

const entrySchema = z.strictObject({
  /** `name[:model]` of the voice engine. */
  provider: name.optional(),
  /** For all targets, or by language. */
  voice: z.union([name, z.record(z.string(), name)]).optional(),
  sample: z
    .union([
      name.transform((file) => ({ file })),
      z.strictObject({
        file: name.optional(),
        /** Stretches of the source, `0:01:02.500-0:01:09.000`. */
        times: z.array(z.string().refine((text) => parseTimes(text) !== undefined, 'must be START-END')).optional(),
        text: z.string().optional(),
      }),
    ])
    .optional(),
  gender: z.enum(['female', 'male']).optional(),
  pitchHz: z.number().min(20).max(2000).optional(),
  note: z.string().max(2000).optional(),
});

const fileSchema = z.strictObject({ v: z.literal(1).optional(), speakers: z.record(name, entrySchema) });

/** What a cast file says of one speaker. */
export type CastEntry = z.output<typeof entrySchema>;

/** A cast file that has been read. */
export interface CastFile {
  /** What messages call it. */
  readonly name: string;
  /** Against which its samples are named. */
  readonly folder: string;
  readonly speakers: Readonly<Record<string, CastEntry>>;
}

/** Larger than any cast. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Reads a cast file.
 * @throws CONFIG_INVALID, with the line, for what is no cast; INPUT_UNREADABLE when it is not there
 */
export async function readCastFile(path: string): Promise<CastFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `The cast ${path} cannot be read.`, {
      hint: 'Check its path; every run leaves one in its work folder, as cast.json.',
      cause,
    });
  });
  return { name: basename(path), folder: dirname(resolve(path)), speakers: parseCast(text, path) };
}

/** The cast of a work folder; undefined when there is none. */
export async function readWorkCast(path: string): Promise<CastFile | undefined> {
  try {
    return await readCastFile(path);
  } catch (error) {
    if (error instanceof DubError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
    throw error;
  }
}

function parseCast(text: string, path: string): CastFile['speakers'] {
  if (text.length > mostBytes) throw invalid(path, undefined, 'it is far too long for a cast');
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(path, lineOfFault(text), `it is no JSON (${(error as Error).message})`);
  }
  const result = fileSchema.safeParse(value);
  if (result.success) return result.data.speakers;
  const issue = result.error.issues[0]!;
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path;
  const where = keys.map(String).join('.');
  throw invalid(path, lineOfKey(text, keys), `\`${where}\` ${describeIssue(issue)}`);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return `is not right: ${issue.message}`;
  const near = nearestName(issue.keys[0]!, Object.keys(issue.path.length === 0 ? fileSchema.shape : entrySchema.shape));
  return `is nothing a cast knows${near === undefined ? '' : `; did you mean \`${near}\`?`}`;
}

function invalid(path: string, line: number | undefined, why: string): DubError {
  const where = line === undefined ? path : `${path}, line ${line}`;
  return new DubError('CONFIG_INVALID', `${where}: ${why}.`, {
    hint: 'A cast is {"speakers": {"A": {"provider": "qwen", "voice": "Cherry"}}}; docs/voices.md has all of it.',
  });
}

/** The line of the first character that no JSON can go on with: up to it the text only ends too soon. */
function lineOfFault(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (endsTooSoon(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return text.slice(0, good).split('\n').length;
}

function endsTooSoon(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const at = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || (at !== undefined && Number(at) >= text.length);
  }
}

/** Keys are looked for one after the other, each behind the one it is in. */
function lineOfKey(text: string, keys: readonly PropertyKey[]): number {
  let at = 0;
  for (const key of keys) {
    const found = typeof key === 'string' ? text.indexOf(JSON.stringify(key), at) : -1;
    if (found >= 0) at = found;
  }
  return text.slice(0, at).split('\n').length;
}

/** `0:01:02.500-0:01:09.000` as a span; undefined for what is none. */
export function parseTimes(text: string): Span | undefined {
  const [, from = '', to = ''] = /^([\d:.,]+)\s*(?:-|–|-->)\s*([\d:.,]+)$/.exec(text.trim()) ?? [];
  const [startMs, endMs] = [parseClock(from), parseClock(to)];
  return startMs !== undefined && endMs !== undefined && endMs > startMs ? { startMs, endMs } : undefined;
}

/** A span as a cast file has it. */
export function formatTimes({ startMs, endMs }: Span): string {
  return `${formatClock(startMs)}-${formatClock(endMs)}`;
}
