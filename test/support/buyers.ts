import { createBuyer, freeOfCharge } from '../../src/pipeline/buyer.js';
import type { Buyer } from '../../src/stages/context.js';
import { openContentStore } from '../../src/workspace/store.js';

/** A buyer that keeps what it buys in `folder`, as a run does in the shared store. */
export function buyerIn(folder: string, signal = new AbortController().signal): Buyer {
  return createBuyer({ store: openContentStore(folder), cashier: freeOfCharge, signal });
}

const refuse = () => Promise.reject(new Error('nothing is bought here'));

/** For stages that buy nothing. */
export const noBuyer: Buyer = {
  buy: refuse,
  buyFile: refuse,
  buyLines: refuse,
  find: refuse,
  has: refuse,
  holds: refuse,
};
