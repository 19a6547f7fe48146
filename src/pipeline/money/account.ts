import { DubError, type DubErrorCode } from '../../errors.js';
import { type Bill, type BilledEngine, billFor } from '../../pricing/bill.js';
import { convertMoney, type Money, noMoney } from '../../pricing/money.js';
import type { Units } from '../../providers/contract.js';
import type { PurchaseFacts } from '../../stages/context.js';
import type { Cashier, Reservation } from '../buyer.js';
import type { RunEventBody } from '../events.js';
import type { DubJob } from '../job.js';
import type { Hold } from './ceiling.js';
import { billedEngine } from './engines.js';
import { addToLedger } from './ledger.js';
import { type NotedRetry, type ReceiptEntry, writeReceipt } from './receipt.js';
import type { Receipt } from './receipt-schema.js';
import { costEvents, toLedgerEntry } from './telling.js';
import { amountIn, type MoneyTerms, unknownCost } from './terms.js';

/** Which run it is, and where it tells what it spends. */
export interface AccountTools {
  readonly job: DubJob;
  /** Id of the run. */
  readonly run: string;
  emit(event: RunEventBody): unknown;
}

const nothing: Bill = { money: noMoney, priced: true, units: [] };

/** The money of one run: what is put aside, what is spent, and the receipt. */
export class Account {
  readonly #entries: ReceiptEntry[] = [];
  readonly #retries: NotedRetry[] = [];
  #ledgerFailed = false;

  constructor(
    private readonly terms: MoneyTerms,
    private readonly tools: AccountTools,
  ) {}

  /** What the buyer of a stage asks before and tells after each call. */
  cashierFor({ language }: { readonly language?: string | undefined }): Cashier {
    return {
      reserve: (purchase, signal) => this.#reserve(purchase, language, signal),
      kept: (purchase, notes) => {
        const bill = { ...nothing, units: notes?.units ?? [] };
        this.#note({ ...entryOf(purchase, language, this.#engineOf(purchase), bill), outcome: 'cached', bill });
      },
    };
  }

  /** What calls that are billed by these units would cost; undefined when a price is unknown. */
  estimate(facts: Pick<PurchaseFacts, 'stage' | 'provider'>, units: readonly Units[]): Money | undefined {
    const bill = billFor(this.terms.prices, billedEngine(this.tools.job, facts.stage, facts.provider), units);
    return bill.priced ? convertMoney(bill.money, this.terms.currency, this.terms.rates) : undefined;
  }

  /** Notes a request that was made again. */
  noteRetry(retry: NotedRetry): void {
    this.#retries.push(retry);
  }

  receipt(): Receipt {
    return writeReceipt(this.#entries, this.#retries, this.terms);
  }

  #engineOf({ stage, provider }: PurchaseFacts): BilledEngine {
    return billedEngine(this.tools.job, stage, provider);
  }

  async #reserve(purchase: PurchaseFacts, language: string | undefined, signal: AbortSignal): Promise<Reservation> {
    const engine = this.#engineOf(purchase);
    const feared = billFor(this.terms.prices, engine, purchase.estimate);
    const hold = await this.#hold(feared, purchase, engine, signal);
    return {
      settle: async ({ units, requestIds }) => {
        const bill = billFor(this.terms.prices, engine, units, requestIds.length);
        settleHold(hold, amountIn(bill, this.terms));
        const entry = { ...entryOf(purchase, language, engine, bill), requestIds, outcome: 'paid', bill } as const;
        this.#note(entry);
        if (engine.local) return;
        for (const event of costEvents(entry, this.terms)) this.tools.emit(event);
        await this.#addToLedger(entry);
      },
      fail: async (error) => {
        const unbilled = engine.local || isSurelyUnbilled(error);
        if (unbilled) hold?.release();
        else hold?.keep();
        const bill = unbilled ? nothing : { ...feared, units: [] };
        const entry = { ...entryOf(purchase, language, engine, bill), outcome: 'failed', bill } as const;
        this.#note(entry);
        if (!unbilled) await this.#addToLedger(entry);
      },
    };
  }

  async #hold(
    feared: Bill,
    purchase: PurchaseFacts,
    engine: BilledEngine,
    signal: AbortSignal,
  ): Promise<Hold | undefined> {
    const { ceiling, allowUnknown } = this.terms;
    if (ceiling === undefined || engine.local) return undefined;
    const amount = amountIn(feared, this.terms);
    if (amount === undefined && !allowUnknown) throw unknownCost([engine.label], this.terms);
    return ceiling.reserve(amount ?? 0, describeCall(purchase), signal);
  }

  #note(entry: ReceiptEntry): void {
    this.#entries.push(entry);
  }

  /** A ledger that cannot be written is said once; the run goes on, for its receipt has the same. */
  async #addToLedger(entry: ReceiptEntry): Promise<void> {
    const { job, run, emit } = this.tools;
    try {
      await addToLedger(job.cache, toLedgerEntry(entry, job.input, run, new Date()));
    } catch (error) {
      if (!(error instanceof DubError)) throw error;
      if (this.#ledgerFailed) return;
      this.#ledgerFailed = true;
      const message = `What is spent could not be written into the ledger: ${error.message} The receipt of this run has it all the same.`;
      emit({ type: 'warning', stage: 'store', message });
    }
  }
}

/** Failures of calls that a service did not take on. */
const unbilledCodes: ReadonlySet<DubErrorCode> = new Set([
  ...(['PROVIDER_AUTH', 'PROVIDER_QUOTA', 'PROVIDER_BUSY', 'PROVIDER_REFUSED', 'PROVIDER_UNSUPPORTED'] as const),
  ...(['USAGE', 'CONFIG_INVALID', 'ENGINE_MISSING'] as const),
]);

function isSurelyUnbilled(error: unknown): boolean {
  return error instanceof DubError && unbilledCodes.has(error.code);
}

/** What cannot be priced after all counts as much as was feared. */
function settleHold(hold: Hold | undefined, amount: number | undefined): void {
  if (amount === undefined) hold?.keep();
  else hold?.settle(amount);
}

function entryOf(purchase: PurchaseFacts, language: string | undefined, engine: BilledEngine, { units }: Bill) {
  const { stage, provider, utteranceIds = [] } = purchase;
  return { stage, language, provider, model: modelOf(engine, units), utteranceIds, requestIds: [] };
}

function modelOf({ label, model }: BilledEngine, units: readonly Units[]): string | undefined {
  const [, ...named] = label.split(':');
  return units.find((one) => one.model !== undefined)?.model ?? (named.length > 0 ? named.join(':') : model);
}

/** A call in the words of a refusal: `synthesize, line u12, qwen`. */
function describeCall({ stage, provider, utteranceIds = [] }: PurchaseFacts): string {
  const [first] = utteranceIds;
  const several = `, ${utteranceIds.length} lines from ${first}`;
  const lines = first === undefined ? '' : utteranceIds.length === 1 ? `, line ${first}` : several;
  return `${stage}${lines}, ${provider}`;
}
