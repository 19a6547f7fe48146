import type { Span } from '../domain/time.js';
import { programmeClockFilter, programmeSamples } from './filters.js';
import { openPcmReader } from './pcm.js';
import type { MediaTools } from './tools.js';

/** One audio stream of a file, and where its container's clock has the programme's start. */
export interface ExcerptSource {
  readonly path: string;
  readonly streamIndex: number;
  /** Microseconds of the container's clock. */
  readonly zeroUs: number;
}

/** Seeking lands on a packet's edge; decoding begins this much earlier so that codecs have settled. */
const leadMs = 200;

/**
 * A short stretch of one audio stream, mixed down to mono: exactly as many samples as the span is long, silence where
 * the stream has none. The file is sought into, not read from its start.
 * @param span on the programme's clock
 * @throws FFMPEG_FAILED
 */
export async function readExcerpt(
  source: ExcerptSource,
  span: Span,
  sampleRate: number,
  tools: MediaTools,
  signal: AbortSignal,
): Promise<Float32Array> {
  const fromMs = Math.max(0, span.startMs - leadMs);
  const durationMs = span.endMs - fromMs;
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const seek = [
    '-seek_timestamp',
    '1',
    '-ss',
    (source.zeroUs / 1e6 + fromMs / 1000).toFixed(6),
    '-t',
    seconds(durationMs),
  ];
  const filter = `aformat=channel_layouts=mono,${excerptClockFilter(sampleRate, durationMs)}`;
  const reader = openPcmReader(
    {
      purpose: 'listen to a speaker',
      input: { options: [...seek, '-vn', '-sn', '-dn'], from: source.path },
      stream: `0:${source.streamIndex}`,
      filter,
      format: { sampleRate, channels: 1, layout: 'mono' },
    },
    tools,
    signal,
  );
  try {
    const samples = await reader.read(programmeSamples(durationMs, sampleRate));
    return samples.subarray(programmeSamples(span.startMs - fromMs, sampleRate));
  } finally {
    await reader.close();
  }
}

/** As the programme's clock, but its zero is where ffmpeg sought to: it shifts timestamps there by itself. */
function excerptClockFilter(sampleRate: number, durationMs: number): string {
  return programmeClockFilter(0, sampleRate, durationMs).replace(/^asetpts=[^,]*,/, '');
}
