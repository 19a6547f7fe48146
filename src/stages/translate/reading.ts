import type { Script, Utterance } from '../../domain/script.js';
import { DubError, type DubErrorCode } from '../../errors.js';
import type { ContextLine, ScriptNotes, TranslationProvider } from '../../providers/translation/contract.js';
import type { StageContext } from '../context.js';
import type { TranslateOptions } from './options.js';

/** Lines of context on either side of a batch. */
const contextLines = 2;

/** Version of what is kept of the reading. */
const notesVersion = 1;

/** Failures of the reading that the translation need not share: it goes on without notes. */
const survivable: ReadonlySet<DubErrorCode> = new Set(['PROVIDER_BAD_REPLY', 'PROVIDER_REFUSED', 'PROVIDER_TIMEOUT']);

/**
 * What the provider notes of the whole script, kept for the film: a script that was mended by hand is the same one.
 * Undefined when it notes nothing, or the script is short.
 */
export async function readScript(
  script: Script,
  provider: TranslationProvider,
  { target, label, shapedBy }: TranslateOptions,
  ctx: StageContext,
): Promise<ScriptNotes | undefined> {
  const { utterances, language } = script;
  if (!readsFirst(script, provider)) return undefined;
  try {
    const lines = utterances.map(toContext);
    const feared = provider.estimatePreparing?.({ source: language, target, lines });
    const prepare = (signal: AbortSignal) => provider.prepare!({ source: language, target, lines }, signal);
    const { reply } = await ctx.buyer.buy({
      stage: 'translate',
      provider: label,
      key: {
        made: 'notes',
        v: notesVersion,
        shapedBy,
        fingerprint: provider.fingerprint?.(),
        source: language,
        target,
      },
      estimate: feared?.most ?? [],
      likely: feared?.likely,
      call: prepare,
    });
    const { summary, terms, warnings } = reply;
    for (const message of warnings) ctx.emit({ type: 'warning', stage: 'translate', message });
    return { summary, terms };
  } catch (error) {
    if (!(error instanceof DubError) || !survivable.has(error.code)) throw error;
    const message = `${label} made no summary of the script, so terms may vary: ${error.message}`;
    ctx.emit({ type: 'warning', stage: 'translate', message });
    return undefined;
  }
}

function readsFirst({ utterances }: Script, { prepare, limits }: TranslationProvider): boolean {
  return prepare !== undefined && utterances.length > (limits.preparesAbove ?? 0);
}

/** The lines just before the first and after the last line of a batch. */
export function around(all: readonly Utterance[], batched: readonly Utterance[]) {
  const first = all.indexOf(batched[0]!);
  const end = all.indexOf(batched.at(-1)!) + 1;
  return {
    before: all.slice(Math.max(0, first - contextLines), first).map(toContext),
    after: all.slice(end, end + contextLines).map(toContext),
  };
}

function toContext({ speaker, text }: Utterance): ContextLine {
  return { speaker, text };
}
