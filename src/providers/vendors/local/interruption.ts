import { DubError } from '../../../errors.js';

/** The error for an aborted signal: its own reason when that is one, else INTERRUPTED. */
export function interruption(signal: AbortSignal): DubError {
  if (signal.reason instanceof DubError) return signal.reason;
  return new DubError('INTERRUPTED', 'The run was interrupted; finished work is kept.', {
    hint: 'Run the same command again to go on from here.',
    cause: signal.reason,
  });
}
