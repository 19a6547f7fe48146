import { writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { ReplyNotes } from '../providers/contract.js';
import type {
  BoughtLine,
  Buyer,
  FilePurchase,
  LinesPurchase,
  Purchase,
  PurchaseFacts,
  WantedLine,
} from '../stages/context.js';
import { hashValue } from '../workspace/hash.js';
import type { Lock } from '../workspace/lock.js';
import type { ContentStore, Entry, NewFile } from '../workspace/store.js';

/** What watches the money: asked before each call, told after it. */
export interface Cashier {
  /**
   * Puts the estimate aside before the call is made.
   * @throws any `DubError` to forbid the call
   */
  reserve(purchase: PurchaseFacts, signal: AbortSignal): Promise<Reservation>;
  /** Told of an answer that was paid for before; `notes` are those it came with then. */
  kept(purchase: PurchaseFacts, notes: ReplyNotes | undefined): void;
}

/** Money put aside for one call; exactly one of the two is called, once. */
export interface Reservation {
  /** The call came to this; its answer is safely kept. */
  settle(notes: ReplyNotes): Promise<void>;
  /** The call failed; what it cost is not known, nor whether it cost anything. */
  fail(error: unknown): Promise<void>;
}

/** A cashier for whom nothing costs anything. */
export const freeOfCharge: Cashier = {
  reserve: async () => ({ settle: async () => undefined, fail: async () => undefined }),
  kept: () => undefined,
};

/** What a buyer works with. */
export interface BuyerTools {
  readonly store: ContentStore;
  readonly cashier: Cashier;
  readonly signal: AbortSignal;
  /** How often a stage has been asked for anew on purpose: part of the keys of what it buys when it is not 0. */
  readonly rounds?: Readonly<Record<string, number>> | undefined;
}

/** Buys what is not kept in the store, and keeps what it buys there. */
export function createBuyer(tools: BuyerTools): Buyer {
  return new StoreBuyer(tools);
}

/** What of a reply is kept for the receipt. */
interface NotedValue {
  readonly reply: unknown;
  readonly notes: ReplyNotes;
}

class StoreBuyer implements Buyer {
  constructor(private readonly tools: BuyerTools) {}

  async buy<Reply extends ReplyNotes>(purchase: Purchase<Reply>) {
    const { entry, kept } = await this.#obtain(purchase, async (signal) => {
      const reply = await purchase.call(signal);
      return { value: { reply, notes: notesOf(reply) } };
    });
    return { reply: contentOf(entry).reply as Reply, kept };
  }

  async buyFile(purchase: FilePurchase) {
    const { entry, kept } = await this.#obtain(purchase, async (signal) => {
      const { bytes, notes } = await purchase.call(signal);
      const write = (path: string) => writeFile(path, bytes, { mode: 0o600 });
      return { value: { reply: null, notes: notesOf(notes) }, file: { extension: purchase.extension, write } };
    });
    return { path: entry.path!, notes: contentOf(entry).notes, kept };
  }

  async buyLines<Line extends WantedLine, Answer>(purchase: LinesPurchase<Line, Answer>) {
    const bought = new LinesInHand<Line, Answer>(purchase, (key) => this.#nameOf(purchase.stage, key));
    const take = async () => bought.takeKept(await this.#findAll(bought.missing));
    await take();
    const keptAtOnce = bought.lines();
    if (keptAtOnce.length > 0) this.tools.cashier.kept(factsOf(purchase, keptAtOnce), undefined);
    if (bought.missing.length === 0) return { answers: bought.answers, notes: undefined };
    const claims = await this.#claimAll(bought.missing);
    try {
      // What another process bought meanwhile is there now; the claims of all others are held.
      await take();
      const wanted = bought.firstOfEach();
      const notes = wanted.length === 0 ? undefined : await this.#ask(purchase, wanted, bought);
      await take();
      return { answers: bought.answers, notes };
    } finally {
      for (const claim of claims) await claim.release();
    }
  }

  async find<Answer>(stage: string, key: Key): Promise<Answer | undefined> {
    const entry = await this.tools.store.find(this.#nameOf(stage, key));
    return entry && (contentOf(entry).reply as Answer);
  }

  has(stage: string, key: Key): Promise<boolean> {
    return this.tools.store.has(this.#nameOf(stage, key));
  }

  async holds(paths: readonly string[]): Promise<boolean> {
    const names = paths.map((path) => basename(path, extname(path)));
    const found = await Promise.all(names.map((name) => this.tools.store.find(name)));
    return found.every((entry, index) => entry?.path === paths[index]);
  }

  async #ask<Line extends WantedLine, Answer>(
    purchase: LinesPurchase<Line, Answer>,
    lines: readonly Line[],
    bought: LinesInHand<Line, Answer>,
  ): Promise<ReplyNotes> {
    const { store, signal } = this.tools;
    const { stage, provider } = purchase;
    const keep = async (line: Line, answer: Answer) => {
      await store.keep(bought.nameOf(line), { reply: answer, notes: notesOf(undefined) }, { stage, provider });
      bought.answers.set(line.utteranceId, { answer, kept: false });
    };
    return this.#pay(factsOf(purchase, lines), async () => {
      const notes = await purchase.call(lines, keep, signal);
      return { result: notes, notes };
    });
  }

  /** Kept, or claimed, called, kept. */
  async #obtain(
    purchase: PurchaseFacts & { readonly key: Key },
    call: (signal: AbortSignal) => Promise<{ readonly value: NotedValue; readonly file?: NewFile }>,
  ): Promise<{ readonly entry: Entry; readonly kept: boolean }> {
    const { store, signal, cashier } = this.tools;
    const { stage, provider } = purchase;
    const name = this.#nameOf(stage, purchase.key);
    const keepEarlier = (entry: Entry) => {
      cashier.kept(purchase, contentOf(entry).notes);
      return { entry, kept: true };
    };
    for (;;) {
      const earlier = await store.find(name);
      if (earlier !== undefined) return keepEarlier(earlier);
      const claim = await store.claim(name, () => store.has(name), signal);
      if (claim === undefined) continue;
      try {
        const meanwhile = await store.find(name);
        if (meanwhile !== undefined) return keepEarlier(meanwhile);
        const entry = await this.#pay(purchase, async () => {
          const { value, file } = await call(signal);
          return { result: await store.keep(name, value, { stage, provider }, file), notes: value.notes };
        });
        return { entry, kept: false };
      } finally {
        await claim.release();
      }
    }
  }

  /** One call with the money for it: put aside before, settled when the answer is kept. */
  async #pay<T>(
    facts: PurchaseFacts,
    call: () => Promise<{ readonly result: T; readonly notes: ReplyNotes }>,
  ): Promise<T> {
    const reservation = await this.tools.cashier.reserve(facts, this.tools.signal);
    let paid: { readonly result: T; readonly notes: ReplyNotes };
    try {
      paid = await call();
    } catch (error) {
      await reservation.fail(error);
      throw error;
    }
    await reservation.settle(notesOf(paid.notes));
    return paid.result;
  }

  #findAll(lines: readonly NamedLine<WantedLine>[]): Promise<(Entry | undefined)[]> {
    return Promise.all(lines.map(({ name }) => this.tools.store.find(name)));
  }

  /** Claims in the order of their names, as every process does, so that no two wait for each other. */
  async #claimAll(lines: readonly NamedLine<WantedLine>[]): Promise<Lock[]> {
    const { store, signal } = this.tools;
    const names = [...new Set(lines.map(({ name }) => name))].sort();
    const claims: Lock[] = [];
    try {
      for (const name of names) {
        const claim = await store.claim(name, () => store.has(name), signal);
        if (claim !== undefined) claims.push(claim);
      }
      return claims;
    } catch (error) {
      for (const claim of claims) await claim.release();
      throw error;
    }
  }

  #nameOf(stage: string, key: Key): string {
    const round = this.tools.rounds?.[stage] ?? 0;
    return hashValue(round === 0 ? { stage, ...key } : { stage, ...key, round });
  }
}

type Key = Readonly<Record<string, unknown>>;

interface NamedLine<Line> {
  readonly line: Line;
  readonly name: string;
}

/** The lines of one purchase, and which of them have their answer. */
class LinesInHand<Line extends WantedLine, Answer> {
  readonly answers = new Map<string, BoughtLine<Answer>>();
  readonly #named: readonly NamedLine<Line>[];

  constructor(purchase: LinesPurchase<Line, Answer>, nameOf: (key: Key) => string) {
    this.#named = purchase.lines.map((line) => ({ line, name: nameOf(line.key) }));
  }

  get missing(): readonly NamedLine<Line>[] {
    return this.#named.filter(({ line }) => !this.answers.has(line.utteranceId));
  }

  /** Those that have their answer. */
  lines(): readonly Line[] {
    return this.#named.filter(({ line }) => this.answers.has(line.utteranceId)).map(({ line }) => line);
  }

  /** Missing lines; of several that have one key the first, whose answer serves all. */
  firstOfEach(): readonly Line[] {
    const names = new Set<string>();
    return this.missing.filter(({ name }) => !names.has(name) && names.add(name)).map(({ line }) => line);
  }

  nameOf(line: Line): string {
    return this.#named.find((each) => each.line === line)!.name;
  }

  /** @param entries one for each missing line */
  takeKept(entries: readonly (Entry | undefined)[]): void {
    for (const [index, { line }] of this.missing.entries()) {
      const entry = entries[index];
      if (entry !== undefined)
        this.answers.set(line.utteranceId, { answer: contentOf(entry).reply as Answer, kept: true });
    }
  }
}

function factsOf<Line extends WantedLine, Answer>(
  { stage, provider, estimate }: LinesPurchase<Line, Answer>,
  lines: readonly Line[],
): PurchaseFacts {
  return { stage, provider, estimate: estimate(lines), utteranceIds: lines.map((line) => line.utteranceId) };
}

function contentOf(entry: Entry): NotedValue {
  return entry.value as NotedValue;
}

/** The notes alone, of a reply that may hold more. */
function notesOf(reply: ReplyNotes | undefined): ReplyNotes {
  return { warnings: reply?.warnings ?? [], units: reply?.units ?? [], requestIds: reply?.requestIds ?? [] };
}
