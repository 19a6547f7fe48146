/** A cue's text and who speaks it, as far as that is told. */
interface NamedText {
  readonly text: string;
  readonly speaker?: string | undefined;
}

/** One to three words with capitals before a colon and a space: `Anna: Hello`, `Dr. Brown: Well`. No figures: `10:30`. */
const name = /^(\p{Lu}[\p{L}\p{M}'’.-]*(?: \p{Lu}[\p{L}\p{M}'’.-]*){0,2}): +(?=\S)/u;

/** Anything short before a colon: figures, names in letters without capitals (`小明：`), `der Wirt`. */
const label = /^([\p{L}\p{N}][^:：\n]{0,39}?)(?:: +|：\s*)(?=\S)/u;

/** Labels of recognisers, which need not come back. */
const figures = /^\d{1,3}$/;

/** Words that stand before a colon again and again without being anyone's name. */
const noNames = new Set(
  'note warning caution tip update source example step part chapter question answer remember attention ps nb'.split(
    ' ',
  ),
);

/**
 * Takes names at the start of cues for speakers' where the file shows that they are: two or more that come back, or one
 * before every cue. Where every cue has something before a colon, few things again and again, those are labels whatever
 * they look like. A single `Remember: …` is speech.
 * @returns the same cues in order, those names apart from what is said
 */
export function readRecurringNames<Cue extends NamedText>(cues: readonly Cue[]): Cue[] {
  const names = labelsOf(cues) ?? namesOf(cues);
  return cues.map((cue, index) => {
    const found = names[index];
    return found === undefined ? cue : { ...cue, speaker: found.speaker, text: cue.text.slice(found.length) };
  });
}

interface Found {
  readonly speaker: string;
  /** Of the label with what parts it from the text. */
  readonly length: number;
}

function find(pattern: RegExp, { text, speaker }: NamedText): Found | undefined {
  const found = speaker === undefined ? pattern.exec(text) : null;
  if (found === null || noNames.has(found[1]!.toLowerCase())) return undefined;
  return { speaker: found[1]!, length: found[0].length };
}

/** Labels before all cues, of few speakers or in figures; undefined where a cue has none. */
function labelsOf(cues: readonly NamedText[]): readonly (Found | undefined)[] | undefined {
  const found = cues.map((cue) => find(label, cue));
  const all = cues.map(({ speaker }, index) => speaker ?? found[index]?.speaker);
  if (cues.length < 2 || all.some((one) => one === undefined)) return undefined;
  const areFigures = found.every((one) => one === undefined || figures.test(one.speaker));
  // Figures of which none comes back are a list's.
  const distinct = new Set(all).size;
  const comeBack = areFigures ? distinct < cues.length || cues.length === 2 : distinct * 2 <= cues.length;
  return comeBack ? found : undefined;
}

function namesOf(cues: readonly NamedText[]): readonly (Found | undefined)[] {
  const names = cues.map((cue) => find(name, cue));
  const counts = new Map<string, number>();
  for (const one of names) if (one !== undefined) counts.set(one.speaker, (counts.get(one.speaker) ?? 0) + 1);
  const recurring = [...counts.values()].filter((count) => count > 1).length;
  const areAllNamed = cues.length > 1 && cues.every(({ speaker }, index) => speaker ?? names[index]);
  const isName = (one: Found) => areAllNamed || (recurring > 1 && counts.get(one.speaker)! > 1);
  return names.map((one) => (one !== undefined && isName(one) ? one : undefined));
}
