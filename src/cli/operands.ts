import { DubError } from '../errors.js';
import type { Call } from './call.js';

/** Throws USAGE when a command that takes no operands was given some. */
export function refuseOperands(call: Call, why: string): void {
  const [first] = call.line.operands;
  if (first === undefined) return;
  throw new DubError('USAGE', `\`dub ${call.line.command}\` does not know what to do with \`${first}\`.`, {
    hint: why,
  });
}
