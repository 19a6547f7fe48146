import type { TranslationLimits, TranslationLine } from '../../providers/translation/contract.js';

/** Lines of the first batch: its answer comes soon, and so does the first voice. The next has twice as many, and so on. */
const firstLines = 6;

/** A batch that must be cut is cut in its last part, so that there are not many small ones. Our choice. */
const leastShare = 0.5;

/**
 * Puts lines together, in their order, as many as the limits allow. A batch ends at the longest pause in its last part:
 * what is said in one scene is then translated by one who has heard all of it. A line that is too long by itself goes
 * alone.
 * @param lineOf its times are the utterance's in the source
 */
export function batchByScene<T>(
  items: readonly T[],
  limits: Pick<TranslationLimits, 'maxLines' | 'maxChars'>,
  lineOf: (item: T) => Pick<TranslationLine, 'text' | 'startMs' | 'endMs'>,
): T[][] {
  const lines = items.map(lineOf);
  const batches: T[][] = [];
  let most = Math.min(firstLines, limits.maxLines);
  for (let from = 0; from < lines.length; ) {
    const reach = from + reachOf(lines.slice(from), { maxLines: most, maxChars: limits.maxChars });
    const end = reach === lines.length ? reach : longestPause(lines, from, reach);
    batches.push(items.slice(from, end));
    from = end;
    most = Math.min(2 * most, limits.maxLines);
  }
  return batches;
}

/** How many lines fit into one batch; at least one. */
function reachOf(
  lines: readonly { readonly text: string }[],
  { maxLines, maxChars }: { readonly maxLines: number; readonly maxChars: number },
): number {
  let chars = 0;
  const end = lines.findIndex(({ text }, index) => {
    chars += text.length;
    return index > 0 && (index >= maxLines || chars > maxChars);
  });
  return end < 0 ? lines.length : end;
}

/** The end before the longest pause among the last places where this batch may end; the latest of equal ones. */
function longestPause(
  lines: readonly { readonly startMs: number; readonly endMs: number }[],
  from: number,
  reach: number,
): number {
  let best = reach;
  for (let end = reach; end >= from + Math.max(1, Math.ceil((reach - from) * leastShare)); end--) {
    if (pauseBefore(lines, end) > pauseBefore(lines, best)) best = end;
  }
  return best;
}

function pauseBefore(lines: readonly { readonly startMs: number; readonly endMs: number }[], index: number): number {
  return lines[index]!.startMs - lines[index - 1]!.endMs;
}
