import type { CastPlan } from './casting/plan.js';
import type { DubJob } from './job.js';
import type { PlannedOutput } from './outputs.js';
import type { Session } from './session.js';
import type { Shared } from './shared.js';

/** One target while it is made: everything its stages draw on. */
export interface TargetWork {
  readonly output: PlannedOutput;
  readonly shared: Shared;
  readonly castPlan: CastPlan;
  readonly job: DubJob;
  readonly session: Session;
  /** BCP 47 of the target. */
  readonly language: string;
}

/** Tells a warning that concerns this target. */
export function warn({ session, language }: TargetWork, stage: string, message: string): void {
  session.emit({ type: 'warning', stage, language, message });
}
