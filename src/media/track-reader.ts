import { openPcmReader, type PcmFormat, type PcmReader } from './pcm.js';
import type { MediaTools } from './tools.js';

/** Jumps in timestamps of this many seconds are gaps; smaller ones are times rounded by the container. */
const gapSeconds = 0.04;

/**
 * Decodes one audio stream as a player hears it: from its first sample on, gaps filled with silence. Nothing is padded
 * or cut to a programme, so a track that is too short is read as short.
 */
export function openTrackReader(
  path: string,
  streamIndex: number,
  format: PcmFormat,
  tools: MediaTools,
  signal: AbortSignal,
): PcmReader {
  const decode = {
    purpose: 'listen to the finished file',
    input: { from: path },
    stream: `0:${streamIndex}`,
    filter: `aresample=${format.sampleRate}:async=1:min_hard_comp=${gapSeconds}`,
    format,
  };
  return openPcmReader(decode, tools, signal);
}
