import { languageName, sameLanguage } from '../domain/language.js';
import type { Script } from '../domain/script.js';
import { formatClock, type Span } from '../domain/time.js';
import { DubError } from '../errors.js';

/**
 * The utterances that start within the range; the rest of the programme keeps its own sound.
 * @throws INPUT_NO_SPEECH when nobody speaks there
 */
export function withinRange(script: Script, range: Span | undefined): Script {
  if (range === undefined) return script;
  const utterances = script.utterances.filter(({ startMs }) => startMs >= range.startMs && startMs < range.endMs);
  if (utterances.length === 0) {
    const where = `${formatClock(range.startMs)}–${formatClock(range.endMs)}`;
    throw new DubError('INPUT_NO_SPEECH', `No line starts in the range ${where}.`, {
      hint: `The first line starts at ${formatClock(script.utterances[0]?.startMs ?? 0)}; give another --range.`,
    });
  }
  return { ...script, utterances };
}

/** @throws USAGE when the target is the language that is spoken */
export function refuseSpoken(target: string, spoken: string): void {
  if (!sameLanguage(target, spoken)) return;
  throw new DubError(
    'USAGE',
    `The speech is in ${languageName(spoken) ?? spoken} (${spoken}) already, as --to ${target} asks.`,
    {
      hint: 'Choose another language with --to, or correct the spoken one with --from.',
    },
  );
}
