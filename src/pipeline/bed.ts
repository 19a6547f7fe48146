import { DubError } from '../errors.js';
import { separate } from '../stages/separate.js';
import type { Bed } from './job.js';
import { type TargetWork, warn } from './work.js';

export { findRuntime } from '../stages/separate/runtime.js';

/** What lies under the dub of every target. */
export interface ChosenBed {
  readonly bed: Bed;
  /** The original without its speech, for `separate`. */
  readonly backgroundPath?: string;
}

/** Separators take minutes and gigabytes: the targets of a run, which share its sound, wait for the same one. */
const chosen = new WeakMap<TargetWork['shared'], Promise<ChosenBed>>();

/**
 * The bed asked for; a separated one is made first, or lowered instead where that was allowed.
 * @throws what `separate` throws
 */
export function chooseBed(work: TargetWork): Promise<ChosenBed> {
  const known = chosen.get(work.shared);
  if (known !== undefined) return known;
  const choosing = choose(work);
  chosen.set(work.shared, choosing);
  return choosing;
}

async function choose(work: TargetWork): Promise<ChosenBed> {
  const { job, session, shared } = work;
  if (job.bed !== 'separate' || job.separator === undefined) return { bed: job.bed };
  const { by, fallback } = job.separator;
  try {
    const backgroundPath = await session.stage(
      { stage: 'separate' },
      async (ctx) => ({ value: await separate(shared.soundtrack, shared.script, by, ctx), kept: false }),
      () => 'the sound without its speech',
    );
    return { bed: 'separate', backgroundPath };
  } catch (error) {
    if (fallback !== 'duck' || !(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    warn(work, 'separate', `${error.message} The bed is lowered under lines instead (--separator-fallback duck).`);
    return { bed: 'duck' };
  }
}
