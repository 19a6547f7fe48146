/** The two times of a cue as its file has them; `endMs` may lie before `startMs`, and both before 0. */
export interface CueTimes {
  readonly startMs: number;
  readonly endMs: number;
}

// Hours may be missing (WebVTT) or beyond two digits; the fraction may be missing; `->` comes from hand-made files. Tools
// that move a whole file write times before 0.
const time = String.raw`(-)?(?:(\d{1,6}) ?: ?)?(\d{1,4}) ?: ?(\d{1,2})(?: ?[.,] ?(\d{1,9}))?`;
const timing = new RegExp(String.raw`^\s*${time}\s*-{1,2}>\s*${time}(?=\s|$)`);

/** Longer lines are no timing lines: bounds the work on hostile input. */
const longestTimingLine = 1000;

/**
 * Reads `00:00:01,000 --> 00:00:02,500` or `00:01.000 --> 00:02.500 align:start`; what follows the times is ignored.
 * A fraction counts as a decimal one: `1,5` is one and a half seconds.
 * @returns undefined when the line is not a timing line
 */
export function parseTimingLine(line: string): CueTimes | undefined {
  if (line.length > longestTimingLine || !line.includes('->')) return undefined;
  const match = timing.exec(line);
  if (!match) return undefined;
  return { startMs: toMs(match.slice(1, 6)), endMs: toMs(match.slice(6, 11)) };
}

function toMs([minus, hours, minutes, seconds, fraction]: readonly (string | undefined)[]): number {
  const whole = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds);
  const ms = whole * 1000 + Math.round(Number(`0.${fraction ?? 0}`) * 1000);
  return minus === undefined || ms === 0 ? ms : -ms;
}

/** `00:00:01,000` for SRT; hours grow beyond two digits, times before 0 become 0. */
export function formatSrtTime(ms: number): string {
  return format(ms, ',');
}

/** `00:00:01.000` for WebVTT; hours grow beyond two digits, times before 0 become 0. */
export function formatVttTime(ms: number): string {
  return format(ms, '.');
}

function format(ms: number, separator: string): string {
  const whole = Math.max(0, Math.round(ms));
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1000) % 60];
  return `${clock.map(two).join(':')}${separator}${String(whole % 1000).padStart(3, '0')}`;
}
