import { oneLine } from '../../vendors/local/text.js';

/** A line as apertium gets it. */
export interface PreparedLine {
  readonly sent: string;
  /** True when a full stop was put on that must come off the answer. */
  readonly stopAdded: boolean;
}

/** One sentence on one line, ended by a stop: without one apertium may read on into the next line. */
export function prepareLine(text: string): PreparedLine {
  const line = oneLine(text);
  const ended = /[.!?…:;。！？][)\]"'”’»]*$/.test(line);
  return { sent: ended ? line : `${line}.`, stopAdded: !ended };
}

/**
 * Apertium's answer without the stop that was put on, and without the `@` and `#` it marks words with that it could not
 * look up or inflect (`-u` takes off `*` only), unless the source has such characters itself.
 */
export function cleanAnswer(answer: string, prepared: PreparedLine): string {
  const marks = /[@#]/.test(prepared.sent) ? answer : answer.replace(/(?<![\p{L}\p{N}])[@#](?=\p{L})/gu, '');
  const line = oneLine(marks);
  return prepared.stopAdded ? line.replace(/\s*\.$/, '') : line;
}
