import { finishTarget, type VoicedTarget, voiceTarget } from './dub-into.js';
import type { OutputSummary } from './events.js';
import type { TargetWork } from './work.js';

/**
 * Makes every target, one after the other but for this: while one is mixed, muxed and measured, which keeps this machine
 * busy, the next is translated and voiced, which waits for services. A target that fails in its voices lets the one
 * before it be finished; one that fails later stops the next.
 */
export async function dubTargets(works: readonly TargetWork[]): Promise<OutputSummary[]> {
  const summaries: OutputSummary[] = [];
  let voiced = works[0] && voicing(works[0]);
  for (const [index, work] of works.entries()) {
    const ready = await voiced!.target;
    const next = works[index + 1];
    voiced = next && voicing(next);
    try {
      summaries.push(await finishTarget(work, ready));
    } catch (error) {
      await voiced?.stop(error);
      throw error;
    }
  }
  return summaries;
}

/** A target that is being voiced. */
interface Voicing {
  readonly target: Promise<VoicedTarget>;
  /** Resolves when nothing goes on any more. */
  stop(why: unknown): Promise<void>;
}

function voicing(work: TargetWork): Voicing {
  const own = new AbortController();
  const target = voiceTarget(under(work, AbortSignal.any([work.session.signal, own.signal])));
  const ended = target.then(
    () => undefined,
    () => undefined,
  );
  return {
    target,
    stop(why) {
      own.abort(why);
      return ended;
    },
  };
}

/** The same work, its stages stopped by another signal too. */
function under(work: TargetWork, signal: AbortSignal): TargetWork {
  const { session } = work;
  const stage: typeof session.stage = (about, make, describe) =>
    session.stage(about, (ctx) => make({ ...ctx, signal }), describe);
  return { ...work, session: { ...session, signal, stage } };
}
