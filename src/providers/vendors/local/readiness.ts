import { DubError } from '../../../errors.js';

/** A look at an engine, as the contracts' `ready` returns it. */
interface Found {
  readonly ready: boolean;
  readonly detail: string;
  readonly hint?: string | undefined;
}

/** Turns a look that throws into an answer: what was found, or what is missing and how to get it. */
export async function readinessOf(look: () => Promise<string>): Promise<Found> {
  try {
    return { ready: true, detail: await look() };
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    return { ready: false, detail: error.message, hint: error.hint };
  }
}
