import { type ProbeReply, type ProbeStream, toMicroseconds } from './probe-reply.js';

/** When a stream is first seen or heard, what its packets hold before that, and where it ends; microseconds. */
export interface StreamTiming {
  readonly startUs: number | undefined;
  readonly delayUs: number | undefined;
  readonly endUs: number | undefined;
}

/**
 * A stream's start and end on the container's clock. ffprobe's own `start_time` is taken where the container tells it
 * rightly (MP4 edit lists, MP3, Ogg); Matroska gives the first packet's, which for Opus lies before the first sound, and
 * AVI the time of decoding.
 */
export function timeStream(stream: ProbeStream, reply: ProbeReply): StreamTiming {
  const first = reply.packets?.find((packet) => packet.stream_index === stream.index && packet.pts_time !== undefined);
  const firstUs = toMicroseconds(first?.pts_time);
  const toldUs = reply.format.format_name === 'avi' ? firstUs : undefined;
  const probedUs = toldUs ?? toMicroseconds(stream.start_time) ?? firstUs;
  const skipped = first?.side_data_list?.find((data) => data.skip_samples !== undefined)?.skip_samples;
  const skipUs = skipped === undefined ? opusPreSkipUs(stream, reply) : samplesToUs(skipped, stream);
  const soundUs = skipUs > 0 && firstUs !== undefined ? firstUs + skipUs : undefined;
  const startUs = soundUs === undefined ? probedUs : Math.max(soundUs, probedUs ?? soundUs);
  const delayUs = startUs !== undefined && firstUs !== undefined && startUs > firstUs ? startUs - firstUs : undefined;
  // The durations of MP3 and Ogg count from the first packet, those of MP4 from the first sound.
  const countsDelay = skipped !== undefined && !reply.format.format_name.includes('mov');
  const durationFromUs = (countsDelay ? firstUs : startUs) ?? 0;
  const durationUs = toMicroseconds(stream.duration);
  const endUs = durationUs === undefined ? taggedEnd(stream, firstUs ?? 0, delayUs ?? 0) : durationFromUs + durationUs;
  return { startUs, delayUs, endUs };
}

function samplesToUs(samples: number, stream: ProbeStream): number {
  return Math.round((samples / Number(stream.sample_rate ?? 48_000)) * 1e6);
}

/** Matroska's reader leaves the pre-skip to the decoder: it stands in the Opus header, bytes 10 and 11 (RFC 7845, 5.1). */
function opusPreSkipUs(stream: ProbeStream, reply: ProbeReply): number {
  if (stream.codec_name !== 'opus' || !reply.format.format_name.includes('matroska')) return 0;
  const header = Buffer.from(readHexDump(stream.extradata ?? ''), 'hex');
  return header.length >= 12 ? Math.round((header.readUInt16LE(10) / 48_000) * 1e6) : 0;
}

/** ffprobe's dump: `00000000: 4f70 7573 4865 6164 0101 3801 80bb 0000  OpusHead..8.....`, 16 bytes a line. */
function readHexDump(dump: string): string {
  const lines = dump.split('\n').map((line) => /^[0-9a-f]{8}: ((?:[0-9a-f]{2,4} ?)+)/.exec(line)?.[1] ?? '');
  return lines.join('').replaceAll(' ', '');
}

function taggedEnd(stream: ProbeStream, firstUs: number, delayUs: number): number | undefined {
  const taggedUs = readClockUs(stream.tags?.DURATION ?? stream.tags?.['DURATION-eng']);
  if (taggedUs === undefined) return undefined;
  // mkvmerge's statistics give the length of the track, ffmpeg's tag the end of its last block on the file's clock,
  // which for a track with a declared delay runs ahead by as much.
  if (stream.tags?._STATISTICS_WRITING_APP ?? stream.tags?.['_STATISTICS_WRITING_APP-eng']) {
    return taggedUs + firstUs;
  }
  return taggedUs - delayUs;
}

/** `00:00:13.320000000` in microseconds. */
function readClockUs(text: string | undefined): number | undefined {
  const match = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(text ?? '');
  if (!match) return undefined;
  return Math.round((Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1e6);
}
