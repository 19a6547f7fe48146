/** A half-open stretch of the programme, `[startMs, endMs)`, whole milliseconds from the programme's start. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Length of a span in milliseconds; never negative. */
export function lengthMs(span: Span): number {
  return Math.max(0, span.endMs - span.startMs);
}

/** How many milliseconds two spans share; 0 when they only touch. */
export function overlapMs(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));
}

/** Spans sorted by start with touching and overlapping ones joined; spans at most `bridgeMs` apart are joined too. */
export function unionSpans(spans: readonly Span[], bridgeMs = 0): Span[] {
  const sorted = [...spans].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const joined: { startMs: number; endMs: number }[] = [];
  for (const span of sorted) {
    const last = joined.at(-1);
    if (last && span.startMs <= last.endMs + bridgeMs) last.endMs = Math.max(last.endMs, span.endMs);
    else joined.push({ startMs: span.startMs, endMs: span.endMs });
  }
  return joined;
}

/** `h:mm:ss.mmm`, for people. */
export function formatClock(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = Math.floor(whole / 1000) % 60;
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  return `${hours}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(whole % 1000, 3)}`;
}

/**
 * Reads `90`, `1:30`, `1:30.5` or `0:01:30.500` as milliseconds.
 * @returns undefined when the text is not a clock time
 */
export function parseClock(text: string): number | undefined {
  const match = /^(?:(?:(\d+):)?(\d{1,3}):)?(\d+)(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match;
  const colons = text.split(':').length - 1;
  if (colons > 0 && Number(seconds) > 59) return undefined;
  if (colons > 1 && Number(minutes) > 59) return undefined;
  return (
    Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(fraction.padEnd(3, '0'))
  );
}
