import type { ChildProcess } from 'node:child_process';
import { DubError } from '../../errors.js';
import type { Hold } from '../../pipeline/money/ceiling.js';
import type { BatchLink } from '../io.js';

/** What the process of one file says to the batch. */
export type ToBatch =
  | {
      readonly type: 'reserve';
      readonly id: number;
      readonly amount: number;
      readonly call: string;
      readonly currency: string;
    }
  | { readonly type: 'end'; readonly id: number; readonly how: 'settle' | 'keep' | 'release'; readonly amount: number }
  | { readonly type: 'servers'; readonly hosts: readonly string[] };

/** What the batch answers to `reserve`. */
export type FromBatch =
  | { readonly type: 'granted'; readonly id: number }
  | { readonly type: 'refused'; readonly id: number; readonly message: string; readonly hint?: string | undefined };

/** The end of the channel in the process of one file; the process lives no longer for it than it waits for an answer. */
export function linkToBatch(self: NodeJS.Process): BatchLink {
  const waiting = new Map<number, (answer: FromBatch) => void>();
  let last = 0;
  const say = (message: ToBatch) => void self.send?.(message);
  const stay = () => (waiting.size > 0 ? self.channel?.ref() : self.channel?.unref());
  self.on('message', (message) => {
    const answer = message as FromBatch;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
    stay();
  });
  stay();

  function holdOf(id: number): Hold {
    const end = (how: 'settle' | 'keep' | 'release') => (amount?: number) =>
      say({ type: 'end', id, how, amount: amount ?? 0 });
    return { settle: end('settle'), keep: end('keep'), release: end('release') };
  }

  return {
    async reserve({ amount, call, currency }, signal) {
      signal.throwIfAborted();
      const id = ++last;
      const answer = await new Promise<FromBatch>((resolve) => {
        waiting.set(id, resolve);
        stay();
        say({ type: 'reserve', id, amount, call, currency });
      });
      if (answer.type === 'granted') return holdOf(id);
      throw new DubError('COST_LIMIT', answer.message, answer.hint === undefined ? {} : { hint: answer.hint });
    },
    tellServers: (hosts) => hosts.length > 0 && say({ type: 'servers', hosts }),
  };
}

/** What a batch does for the processes of its files. */
export interface BatchServices {
  /** @throws COST_LIMIT */
  reserve(amount: number, call: string, currency: string): Promise<Hold>;
  servers(hosts: readonly string[]): void;
}

/** Answers the process of one file. What it had put aside when it ends unasked counts as spent: it may be billed. */
export function serve(child: ChildProcess, services: BatchServices): void {
  const holds = new Map<number, Hold>();
  const answer = (message: FromBatch) => void (child.connected && child.send(message));
  child.on('message', (message) => {
    const said = message as ToBatch;
    if (said.type === 'servers') services.servers(said.hosts);
    if (said.type === 'reserve') void reserve(said.id, said.amount, said.call, said.currency);
    if (said.type === 'end') {
      holds.get(said.id)?.[said.how](said.amount);
      holds.delete(said.id);
    }
  });
  child.on('close', () => {
    for (const hold of holds.values()) hold.keep();
    holds.clear();
  });

  async function reserve(id: number, amount: number, call: string, currency: string): Promise<void> {
    try {
      const hold = await services.reserve(amount, call, currency);
      // A process that has ended meanwhile has not made the call.
      if (child.exitCode !== null || child.signalCode !== null) return hold.release();
      holds.set(id, hold);
      answer({ type: 'granted', id });
    } catch (error) {
      const { message, hint } = error as DubError;
      answer({ type: 'refused', id, message, hint });
    }
  }
}
