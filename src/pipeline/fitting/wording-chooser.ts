import type { Script, TranslatedLine, Translation } from '../../domain/script.js';
import { type Pace, predictMs } from '../../domain/spoken/pace.js';
import { defaultTiming } from '../../stages/align/index.js';
import { type WordingChoice, WordingPlanner } from '../../stages/align/wordings.js';

/** A prediction is made so many of its deviations longer: too long does more harm than too short. */
const caution = 0.5;

/**
 * Takes lines in any order as they are translated, picks the wording of each for the whole film, and hands each on as
 * soon as its wording is final: one that has no choice at once.
 */
export class WordingChooser {
  private readonly planner: WordingPlanner;
  private readonly arrived = new Map<string, TranslatedLine | undefined>();
  private readonly chosen = new Map<string, TranslatedLine>();
  private next = 0;

  constructor(
    private readonly script: Script,
    private readonly language: string,
    private readonly paceOf: (speaker: string) => Pace,
    private readonly onFinal: (line: TranslatedLine) => void,
  ) {
    this.planner = new WordingPlanner(script.utterances, defaultTiming(0));
  }

  /** @param isSettled true when its wording stands, though there are others */
  take(line: TranslatedLine, isSettled = false): void {
    if (line.wordings === undefined || isSettled) this.finish(line);
    this.arrive(line.utteranceId, line);
  }

  /** No line comes for this utterance. */
  skip(utteranceId: string): void {
    this.arrive(utteranceId, undefined);
  }

  /** Every line has come or been skipped. @returns the translation with the chosen wordings; all have been handed on */
  settle(translation: Translation): Translation {
    for (const { id } of this.script.utterances) if (!this.arrived.has(id)) this.skip(id);
    this.choose(this.planner.end());
    return { ...translation, lines: translation.lines.map((line) => this.chosen.get(line.utteranceId) ?? line) };
  }

  private arrive(utteranceId: string, line: TranslatedLine | undefined): void {
    this.arrived.set(utteranceId, line);
    for (; this.next < this.script.utterances.length; this.next++) {
      const { id, speaker } = this.script.utterances[this.next]!;
      if (!this.arrived.has(id)) return;
      this.choose(this.planner.add(this.lengthsOf(this.arrived.get(id), this.paceOf(speaker))));
    }
  }

  private lengthsOf(line: TranslatedLine | undefined, pace: Pace) {
    if (line === undefined) return undefined;
    const longer = 1 + caution * pace.spread;
    const wordings = this.chosen.has(line.utteranceId) ? [line.text] : wordingsOf(line);
    const lengths = wordings.map((text) => Math.round(predictMs(text, this.language, pace) * longer));
    return { utteranceId: line.utteranceId, predictedMs: lengths };
  }

  private choose(choices: readonly WordingChoice[]): void {
    for (const { utteranceId, index } of choices) {
      const line = this.arrived.get(utteranceId)!;
      if (!this.chosen.has(utteranceId)) this.finish({ ...line, text: wordingsOf(line)[index]! });
    }
  }

  private finish(line: TranslatedLine): void {
    this.chosen.set(line.utteranceId, line);
    this.onFinal(line);
  }
}

function wordingsOf({ text, wordings }: TranslatedLine): readonly string[] {
  return wordings ?? [text];
}
