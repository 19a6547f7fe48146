import { resolve } from 'node:path';
import { parseLanguage } from '../domain/language.js';
import type { Source, SourceStream } from '../domain/source.js';
import { DubError, throwIfAborted } from '../errors.js';
import { findLastEnd, runFfprobe } from './ffprobe.js';
import { type ProbeReply, type ProbeStream, probeReply, toMicroseconds } from './probe-reply.js';
import { examineFile } from './readable-file.js';
import { timeStream } from './stream-timing.js';
import type { MediaTools } from './tools.js';

/**
 * Reads what a media file holds, without decoding it.
 * @throws INPUT_UNREADABLE when it is no file, empty, or holds no sound and no moving picture; FFMPEG_MISSING; INTERRUPTED
 */
export async function probeFile(path: string, tools: MediaTools, signal: AbortSignal): Promise<Source> {
  throwIfAborted(signal);
  const absolute = resolve(path);
  const { fingerprint, head } = await examineFile(absolute);
  const { reply, guessed } = await askFfprobe(absolute, head, tools, signal);
  const streams = reply.streams.map((stream) => toStream(stream, reply, guessed));
  const timed = streams.filter((each) => (each.type === 'video' || each.type === 'audio') && !each.attachedPicture);
  refuseWhatIsNoMedia(absolute, reply, timed, streams);
  const starts = timed.map((stream) => stream.startUs).filter((us) => us !== undefined);
  const zeroUs = starts.length > 0 ? Math.min(...starts) : 0;
  const film = timed.find((stream) => stream.type === 'video');
  const toClock = (seconds: string) => Math.round(Number(seconds) * 1000 - zeroUs / 1000);
  return {
    path: absolute,
    fingerprint,
    format: reply.format.format_name,
    kind: film ? 'video' : 'audio',
    zeroUs,
    durationMs:
      (guessed ? undefined : statedLength(reply, timed, zeroUs)) ??
      (await measureLength(absolute, timed, zeroUs, tools, signal)),
    frameMs: film?.video && film.video.frameRate > 0 ? 1000 / film.video.frameRate : 40,
    streams,
    chapters: (reply.chapters ?? []).map((chapter) => ({
      startMs: Math.max(0, toClock(chapter.start_time)),
      endMs: toClock(chapter.end_time),
      title: chapter.tags?.title ?? '',
    })),
    tags: reply.format.tags ?? {},
  };
}

/**
 * When the first sample that decoding an audio stream gives is heard, microseconds of the container's clock. Unlike the
 * stream's start it knows of first packets that decode to nothing.
 * @returns undefined when nothing decodes
 */
export async function readFirstSampleUs(
  path: string,
  streamIndex: number,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<number | undefined> {
  const shown = ['-select_streams', String(streamIndex), '-show_entries', 'frame=pts_time', '-of', 'csv=p=0'];
  // The first packets may be encoder delay alone and give no frame.
  const { stdout } = await runFfprobe([...shown, '-read_intervals', '%+#16'], path, tools, signal);
  return toMicroseconds(
    stdout
      .split('\n')
      .find((line) => /^-?\d/.test(line))
      ?.replace(/,.*/, ''),
  );
}

// A handful of packets shows how much sound each stream holds before its start; none is decoded.
const shown = ['-show_format', '-show_streams', '-show_chapters', '-show_data'];
const firstPackets = ['-show_entries', 'packet=stream_index,pts_time:packet_side_data=skip_samples'];

async function askFfprobe(
  path: string,
  head: Buffer,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<{ reply: ProbeReply; guessed: boolean }> {
  const options = [...missingTimes(head), ...shown, ...firstPackets, '-read_intervals', '%+#64', '-of', 'json'];
  try {
    const { stdout, stderr } = await runFfprobe(options, path, tools, signal);
    const reply = probeReply.parse(JSON.parse(stdout));
    // MP3 and AAC without an index are guessed from the first seconds' bit rate, which may be wrong by half; a program
    // stream by its last timestamp, and its last frames have none.
    const guessed = stderr.includes('Estimating duration from bitrate') || reply.format.format_name === 'mpeg';
    return { reply, guessed };
  } catch (error) {
    if (error instanceof DubError) throw error;
    throw unreadableMedia(path, head, error);
  }
}

/** AVI has no presentation times, so that a picture with B-frames starts a frame or two later than its first packet says. */
function missingTimes(head: Buffer): string[] {
  const avi = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'AVI ';
  return avi ? ['-fflags', '+genpts'] : [];
}

function unreadableMedia(path: string, head: Buffer, cause: unknown): DubError {
  const stderr = String((cause as { stderr?: unknown }).stderr ?? '').trim();
  const said = stderr.split('\n').at(-1)?.split(': ').at(-1);
  if (stderr.includes('moov atom not found') && head.subarray(4, 8).toString('latin1') === 'ftyp') {
    return new DubError('INPUT_UNREADABLE', `${path} is cut off: its index (the moov atom) is missing.`, {
      hint: 'A download or a recording that broke off looks like this; fetch or export it again.',
      cause,
    });
  }
  return new DubError('INPUT_UNREADABLE', `${path} cannot be read as audio or video${said ? ` (${said})` : ''}.`, {
    hint: 'Check that it is a media file and whole: does it play?',
    cause,
  });
}

/** ffprobe takes any text for a stream of subtitles or a terminal picture, given the name. */
function refuseWhatIsNoMedia(
  path: string,
  reply: ProbeReply,
  timed: readonly SourceStream[],
  streams: readonly SourceStream[],
): void {
  const text = ['tty', 'bintext', 'xbin', 'idf', 'adf'].includes(reply.format.format_name);
  if (timed.length > 0 && !text) return;
  const others = text
    ? ['text']
    : [...new Set(streams.map((stream) => (stream.attachedPicture ? 'pictures' : stream.type)))];
  const holds = others.length > 0 ? `only ${others.join(' and ')}` : 'no streams at all';
  throw new DubError('INPUT_UNREADABLE', `${path} holds neither sound nor moving pictures (${holds}).`, {
    hint: 'Name the media file itself; subtitles go with --script.',
  });
}

function toStream(stream: ProbeStream, reply: ProbeReply, guessed: boolean): SourceStream {
  const types = ['video', 'audio', 'subtitle', 'attachment'] as const;
  const type = types.find((name) => name === stream.codec_type) ?? 'data';
  const dispositions = Object.entries(stream.disposition ?? {}).filter(([, set]) => set === 1);
  const languageTag = stream.tags?.language;
  const { startUs, delayUs, endUs } = timeStream(stream, reply);
  return {
    index: stream.index,
    type,
    codec: stream.codec_name ?? 'unknown',
    codecTag: stream.codec_tag_string?.includes('[') ? undefined : stream.codec_tag_string,
    language: languageTag === undefined ? undefined : parseLanguage(languageTag),
    title: stream.tags?.title ?? namedHandler(stream.tags?.handler_name),
    dispositions: dispositions.map(([name]) => name),
    attachedPicture: stream.disposition?.attached_pic === 1,
    startUs,
    delayUs,
    durationMs: endUs === undefined || guessed ? undefined : Math.round((endUs - (startUs ?? 0)) / 1000),
    bitRate: bitRateOf(stream),
    audio: type === 'audio' ? audioOf(stream) : undefined,
    video: type === 'video' ? videoOf(stream) : undefined,
    tags: stream.tags,
  };
}

/** MP4 calls its tracks by their handler; what recorders and muxers put there by themselves is no title. */
function namedHandler(name: string | undefined): string | undefined {
  const generic =
    /^$|handle|^(video|sound|audio|subtitle|text|data)s?$|media|gpac|apple|bento|l-smash|^gopro|^[\0-\x1f#]/i;
  return name === undefined || generic.test(name) ? undefined : name;
}

function bitRateOf(stream: ProbeStream): number | undefined {
  const rate = Number(stream.bit_rate ?? stream.tags?.BPS ?? stream.tags?.['BPS-eng']);
  return Number.isFinite(rate) ? rate : undefined;
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

/** What the container says; undefined when it says nothing. */
function statedLength(reply: ProbeReply, timed: readonly SourceStream[], zeroUs: number): number | undefined {
  const ends = timed
    .filter((stream) => stream.durationMs !== undefined)
    .map((stream) => stream.durationMs! + ((stream.startUs ?? zeroUs) - zeroUs) / 1000);
  if (ends.length > 0) return Math.round(Math.max(...ends));
  const wholeUs = toMicroseconds(reply.format.duration);
  if (wholeUs === undefined) return undefined;
  // Matroska's duration counts from the clock's zero, every other format's from the start of the file.
  const from = reply.format.format_name.includes('matroska') ? 0 : (toMicroseconds(reply.format.start_time) ?? zeroUs);
  return Math.round((wholeUs + from - zeroUs) / 1000);
}

async function measureLength(
  path: string,
  timed: readonly SourceStream[],
  zeroUs: number,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<number> {
  const endUs = await findLastEnd(path, timed, tools, signal);
  return Math.max(0, Math.round((endUs - zeroUs) / 1000));
}
