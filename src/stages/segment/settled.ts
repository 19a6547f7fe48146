import type { Script } from '../../domain/script.js';
import { pauseMs } from './limits.js';

/**
 * How many of a script's utterances stay as they are, in words, times and room, whatever is recognised after its end; for a script of one speaker, before its onsets are moved. A pause of 700 ms between two utterances is never closed
 * again: all before it is cut by what is known on both sides. The one just before it is left out, for its room ends where
 * the next is heard to begin, which may be judged anew when that one grows.
 */
export function countSettled({ utterances }: Pick<Script, 'utterances'>): number {
  let spokenUntil = 0;
  let settled = 0;
  utterances.forEach(({ endMs }, index) => {
    spokenUntil = Math.max(spokenUntil, endMs);
    const next = utterances[index + 1];
    if (next !== undefined && next.startMs - spokenUntil >= pauseMs) settled = index;
  });
  return settled;
}
