/** A cue's text and who speaks it, as far as that is told. */
interface NamedText {
  readonly text: string;
  readonly speaker?: string | undefined;
}

/** One to three words with capitals before a colon and a space: `Anna: Hello`, `Dr. Brown: Well`. No figures: `10:30`. */
const label = /^(\p{Lu}[\p{L}\p{M}'’.-]*(?: \p{Lu}[\p{L}\p{M}'’.-]*){0,2}): +(?=\S)/u;

/** Words that stand before a colon again and again without being anyone's name. */
const noNames = new Set(
  'note warning caution tip update source example step part chapter question answer remember attention ps nb'.split(
    ' ',
  ),
);

/**
 * Takes names at the start of cues for speakers' where the file shows that they are: two or more that come back, or one
 * before every cue. A single `Remember: …` is speech.
 * @returns the same cues in order, those names apart from what is said
 */
export function readRecurringNames<Cue extends NamedText>(cues: readonly Cue[]): Cue[] {
  const names = cues.map(({ text, speaker }) => (speaker === undefined ? nameIn(text) : undefined));
  const counts = new Map<string, number>();
  for (const name of names) if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  const recurring = [...counts.values()].filter((count) => count > 1).length;
  const areAllNamed = cues.length > 1 && cues.every(({ speaker }, index) => speaker ?? names[index]);
  const isName = (name: string) => areAllNamed || (recurring > 1 && counts.get(name)! > 1);
  return cues.map((cue, index) => {
    const name = names[index];
    if (name === undefined || !isName(name)) return cue;
    return { ...cue, speaker: name, text: cue.text.replace(label, '') };
  });
}

function nameIn(text: string): string | undefined {
  const name = label.exec(text)?.[1];
  return name === undefined || noNames.has(name.toLowerCase()) ? undefined : name;
}
