/** A place where a text may be cut, and how bad a cut there is, as a share of the text's length. */
interface Cut {
  readonly at: number;
  readonly penalty: number;
}

/**
 * Cuts a text into as many parts as there are weights, about in their proportion: at sentence ends if possible, else at
 * commas, else between words.
 * @returns one part per weight; the last ones are empty when there are fewer words than parts
 */
export function splitText(text: string, weights: readonly number[], language: string): string[] {
  if (weights.length <= 1) return weights.map(() => text);
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const cuts = possibleCuts(text, language);
  const parts: string[] = [];
  let from = 0;
  let before = 0;
  weights.slice(0, -1).forEach((weight, index) => {
    before += weight;
    // Each part that follows needs a cut of its own.
    const ahead = cuts.filter((cut) => cut.at > from);
    const choice = ahead.slice(0, Math.max(1, ahead.length - (weights.length - 2 - index)));
    const at = nearestCut(choice, (text.length * before) / total, text.length);
    parts.push(text.slice(from, at).trim());
    from = at;
  });
  return [...parts, text.slice(from).trim()];
}

function possibleCuts(text: string, language: string): Cut[] {
  const cuts: Cut[] = [];
  for (const { index, isWordLike } of new Intl.Segmenter(language, { granularity: 'word' }).segment(text)) {
    const before = text.slice(0, index).trimEnd();
    if (isWordLike && before !== '' && /[\p{L}\p{N}]/u.test(before))
      cuts.push({ at: openingOf(text, index), penalty: penaltyAfter(before) });
  }
  return cuts;
}

/** Quotes and brackets that open before a word go with it. */
function openingOf(text: string, index: number): number {
  return index - (/[¿¡"'“‘«([]*$/u.exec(text.slice(0, index))?.[0].length ?? 0);
}

function penaltyAfter(before: string): number {
  if (/[.!?…。！？]["'”’»)\]]*[\s¿¡"“‘«([]*$/u.test(before)) return 0;
  return /[,;:—–，、；：]["'”’»)\]]*$/u.test(before) ? 0.1 : 0.25;
}

function nearestCut(cuts: readonly Cut[], wanted: number, length: number): number {
  let best = { at: length, cost: Number.POSITIVE_INFINITY };
  for (const { at, penalty } of cuts) {
    const cost = Math.abs(at - wanted) / length + penalty;
    if (cost < best.cost) best = { at, cost };
  }
  return best.at;
}
