import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseLanguage } from '../domain/language.js';
import type { Source, SourceStream } from '../domain/source.js';
import { DubError } from '../errors.js';
import { ffmpegPath } from './run.js';
import type { MediaTools } from './tools.js';

const run = promisify(execFile);

const probeReply = z.object({
  format: z.object({
    format_name: z.string(),
    duration: z.string().optional(),
    start_time: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
  }),
  streams: z.array(
    z.object({
      index: z.number(),
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      codec_tag_string: z.string().optional(),
      start_time: z.string().optional(),
      duration: z.string().optional(),
      bit_rate: z.string().optional(),
      sample_rate: z.string().optional(),
      channels: z.number().optional(),
      channel_layout: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: z.string().optional(),
      r_frame_rate: z.string().optional(),
      disposition: z.record(z.string(), z.number()).optional(),
      tags: z.record(z.string(), z.string()).optional(),
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
    }),
  ),
  chapters: z
    .array(
      z.object({
        start_time: z.string(),
        end_time: z.string(),
        tags: z.record(z.string(), z.string()).optional(),
      }),
    )
    .optional(),
});

type ProbeStream = z.infer<typeof probeReply>['streams'][number];

/**
 * Reads what a media file holds, without decoding it.
 * @throws INPUT_UNREADABLE when it is no file, empty, or nothing ffprobe can read
 */
export async function probeFile(path: string, tools: MediaTools, signal: AbortSignal): Promise<Source> {
  const absolute = resolve(path);
  const fingerprint = await fingerprintFile(absolute);
  const reply = await runProbe(absolute, tools, signal);
  const streams = reply.streams.map(toStream);
  const timed = streams.filter((s) => (s.type === 'video' || s.type === 'audio') && !s.attachedPicture);
  const starts = timed.map((s) => s.startUs).filter((us) => us !== undefined);
  const zeroUs = starts.length > 0 ? Math.min(...starts) : 0;
  const film = timed.find((s) => s.type === 'video');
  const chapterStart = (seconds: string) => Math.round(Number(seconds) * 1000 - zeroUs / 1000);
  return {
    path: absolute,
    fingerprint,
    format: reply.format.format_name,
    kind: film ? 'video' : 'audio',
    zeroUs,
    durationMs: programmeLength(timed, zeroUs, reply.format.duration),
    frameMs: film?.video && film.video.frameRate > 0 ? 1000 / film.video.frameRate : 40,
    streams,
    chapters: (reply.chapters ?? []).map((chapter) => ({
      startMs: chapterStart(chapter.start_time),
      endMs: chapterStart(chapter.end_time),
      title: chapter.tags?.['title'] ?? '',
    })),
    tags: reply.format.tags ?? {},
  };
}

async function runProbe(path: string, tools: MediaTools, signal: AbortSignal): Promise<z.infer<typeof probeReply>> {
  const options = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    '-show_chapters',
  ];
  try {
    const { stdout } = await run(tools.ffprobe, [...options, '-i', ffmpegPath(path)], {
      signal,
      maxBuffer: 64 * 1024 * 1024,
      windowsHide: true,
    });
    return probeReply.parse(JSON.parse(stdout));
  } catch (cause) {
    if (signal.aborted) throw new DubError('INTERRUPTED', 'The run was interrupted; finished work is kept.', { cause });
    throw new DubError('INPUT_UNREADABLE', `${path} cannot be read as audio or video.${lastWords(cause)}`, {
      hint: 'Check that it is a whole media file: does it play? A download that broke off must be fetched again.',
      cause,
    });
  }
}

function lastWords(cause: unknown): string {
  const stderr = (cause as { stderr?: unknown }).stderr;
  const line = typeof stderr === 'string' ? stderr.trim().split('\n').at(-1) : undefined;
  return line ? ` ffprobe says: ${line.replace(/^.*?file:[^\n]*: /, '')}.` : '';
}

function toStream(stream: ProbeStream): SourceStream {
  const types = ['video', 'audio', 'subtitle', 'attachment'] as const;
  const type = types.find((name) => name === stream.codec_type) ?? 'data';
  const dispositions = Object.entries(stream.disposition ?? {}).filter(([, set]) => set === 1);
  const languageTag = stream.tags?.['language'];
  return {
    index: stream.index,
    type,
    codec: stream.codec_name ?? 'unknown',
    codecTag: stream.codec_tag_string?.startsWith('[') ? undefined : stream.codec_tag_string,
    language: languageTag === undefined ? undefined : parseLanguage(languageTag),
    title: stream.tags?.['title'],
    dispositions: dispositions.map(([name]) => name),
    attachedPicture: stream.disposition?.['attached_pic'] === 1,
    startUs: toMicroseconds(stream.start_time),
    durationMs: streamDuration(stream),
    bitRate: stream.bit_rate === undefined ? undefined : Number(stream.bit_rate),
    audio: type === 'audio' ? audioOf(stream) : undefined,
    video: type === 'video' ? videoOf(stream) : undefined,
  };
}

function audioOf(stream: ProbeStream): SourceStream['audio'] {
  const channels = stream.channels ?? 0;
  const layout = stream.channel_layout ?? (channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels}c`);
  return { sampleRate: Number(stream.sample_rate ?? 0), channels, layout };
}

function videoOf(stream: ProbeStream): SourceStream['video'] {
  const rotation = stream.side_data_list?.find((entry) => entry.rotation !== undefined)?.rotation ?? 0;
  return {
    width: stream.width ?? 0,
    height: stream.height ?? 0,
    frameRate: toRatio(stream.avg_frame_rate) || toRatio(stream.r_frame_rate),
    rotation,
  };
}

function toRatio(text: string | undefined): number {
  const [top = '0', bottom = '1'] = (text ?? '').split('/');
  const value = Number(top) / Number(bottom);
  return Number.isFinite(value) ? value : 0;
}

function toMicroseconds(seconds: string | undefined): number | undefined {
  const value = Number(seconds);
  return seconds === undefined || !Number.isFinite(value) ? undefined : Math.round(value * 1e6);
}

/** Matroska has no stream durations but a DURATION tag, `00:00:13.320000000`. */
function streamDuration(stream: ProbeStream): number | undefined {
  const us = toMicroseconds(stream.duration);
  if (us !== undefined) return Math.round(us / 1000);
  const tag = stream.tags?.['DURATION'] ?? stream.tags?.['DURATION-eng'];
  const match = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(tag ?? '');
  // In Matroska the tag is the end of the last block on the file's clock, not a length from the stream's start.
  return match ? Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000) : undefined;
}

function programmeLength(timed: readonly SourceStream[], zeroUs: number, formatDuration: string | undefined): number {
  const ends = timed
    .filter((s) => s.durationMs !== undefined && s.startUs !== undefined)
    .map((s) => s.durationMs! + (s.startUs! - zeroUs) / 1000);
  if (ends.length > 0) return Math.round(Math.max(...ends));
  const whole = Number(formatDuration);
  return Number.isFinite(whole) ? Math.round(whole * 1000) : 0;
}

/** Hashes size, time and three samples of 64 KiB: enough to notice a changed file without reading 4 GB. */
async function fingerprintFile(path: string): Promise<string> {
  const size = await readableSize(path);
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `${path} cannot be opened.`, { hint: 'Check its permissions.', cause });
  });
  try {
    const hash = createHash('sha256').update(String(size.bytes)).update(String(size.modifiedMs));
    const piece = Buffer.alloc(65_536);
    for (const at of [0, Math.floor(size.bytes / 2), Math.max(0, size.bytes - piece.length)]) {
      const { bytesRead } = await handle.read(piece, 0, piece.length, at);
      hash.update(piece.subarray(0, bytesRead));
    }
    return hash.digest('hex').slice(0, 32);
  } finally {
    await handle.close();
  }
}

async function readableSize(path: string): Promise<{ bytes: number; modifiedMs: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DubError('INPUT_UNREADABLE', missing ? `There is no file ${path}.` : `${path} cannot be read.`, {
      hint: missing ? 'Check the spelling and the folder.' : 'Check its permissions.',
      cause,
    });
  });
  if (found.isDirectory()) {
    throw new DubError('INPUT_UNREADABLE', `${path} is a folder, not a media file.`, {
      hint: 'Name a file in it; several files can be given side by side.',
    });
  }
  if (!found.isFile()) {
    throw new DubError('INPUT_UNREADABLE', `${path} is not a regular file.`, { hint: 'Name a media file on disk.' });
  }
  if (found.size === 0) {
    throw new DubError('INPUT_UNREADABLE', `${path} is empty (0 bytes).`, { hint: 'Fetch or export it again.' });
  }
  return { bytes: found.size, modifiedMs: Math.round(found.mtimeMs) };
}
