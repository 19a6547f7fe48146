import type { TranslatedLine } from '../../domain/script.js';
import type { Pace } from '../../domain/spoken/pace.js';
import type { TranslationProvider } from '../../providers/translation/contract.js';

/** An engine that translates. */
export interface Translator {
  readonly provider: TranslationProvider;
  /** `name[:model]`, for the artefact and for messages. */
  readonly label: string;
  /** What shapes every answer besides the line itself: the engine's options, the film; plain JSON. */
  readonly shapedBy: unknown;
}

/** What `translate` needs to know besides the script. */
export interface TranslateOptions extends Omit<Translator, 'provider'> {
  /** BCP 47. */
  readonly target: string;
  /** Who takes over the lines that the first engine cannot do, in order. */
  readonly others?: readonly Translator[] | undefined;
  /** Terms that a line must be translated with: another list is another answer, for the lines it concerns. */
  termsIn(text: string): unknown;
  /** Lines whose wording is settled already, by utterance id: they are not asked for. */
  readonly settled: ReadonlyMap<string, TranslatedLine>;
  /** The lines to ask for, when they are not all: the others are there to be understood from. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Lines that this run has bought already, ahead of this stage. */
  readonly boughtAhead?: ReadonlySet<string> | undefined;
  /** How fast the voice of a speaker is, for the budgets. */
  paceOf(speaker: string): Pace;
  /**
   * Handed each line the moment it is there, in any order.
   * @param isSettled true for a line whose wording is not to be chosen any more
   */
  onLine(line: TranslatedLine, isSettled: boolean): void;
  /** Told of each line that will not come. */
  onFailure(utteranceId: string): void;
}
