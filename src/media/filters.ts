/**
 * Jumps in a stream's timestamps from here on are filled with silence or cut; smaller ones are jitter of containers
 * that round to whole milliseconds or packets, and are left alone. 40 ms is under the 45 ms of BT.1359.
 */
const hardGapSeconds = 0.04;

/**
 * The ffmpeg audio filter chain that puts a decoded stream on the programme's clock: its first sample out is the
 * programme's start, a late start and gaps are silence, an early start is cut, and exactly `durationMs` come out.
 * @param offsetUs how late the stream's first sample is against the programme's start, microseconds; may be negative
 * @param sampleRate of the samples that come out, Hz
 * @param durationMs programme length
 */
export function programmeClockFilter(offsetUs: number, sampleRate: number, durationMs: number): string {
  const samples = programmeSamples(durationMs, sampleRate);
  return [
    // ffmpeg shifts timestamps by the file's start, which for MPEG-TS depends on the streams in use; counting from the
    // stream's own first sample does not.
    `asetpts=PTS-STARTPTS+${(offsetUs / 1e6).toFixed(6)}/TB`,
    `aresample=${sampleRate}:async=1:first_pts=0:min_hard_comp=${hardGapSeconds}`,
    `atrim=end_sample=${samples}`,
    `apad=whole_len=${samples}`,
  ].join(',');
}

/** Samples in `durationMs` at `sampleRate`, rounded to the nearest. */
export function programmeSamples(durationMs: number, sampleRate: number): number {
  return Math.round((durationMs * sampleRate) / 1000);
}
