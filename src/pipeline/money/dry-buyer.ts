import { DubError } from '../../errors.js';
import type { ReplyNotes, Units } from '../../providers/contract.js';
import type {
  BoughtLine,
  Buyer,
  FilePurchase,
  LinesPurchase,
  Purchase,
  PurchaseFacts,
  WantedLine,
} from '../../stages/context.js';

/** A call that would be made. */
export interface WantedCall {
  readonly stage: string;
  readonly provider: string;
  readonly likely: readonly Units[];
  readonly most: readonly Units[];
}

/**
 * Looks for what is kept and notes what would be bought, but buys nothing: what is not kept is refused as a line that
 * cannot be had, so that a stage goes on to the next.
 */
export class DryBuyer implements Buyer {
  readonly wanted: WantedCall[] = [];
  /** Lines and whole answers that are kept. */
  kept = 0;

  /** @param kept finds what is kept; nothing is bought of it */
  constructor(private readonly stored: Pick<Buyer, 'find' | 'has' | 'holds'>) {}

  async buy<Reply extends ReplyNotes>(purchase: Purchase<Reply>) {
    const reply = await this.stored.find<Reply>(purchase.stage, purchase.key);
    if (reply === undefined) throw this.#refuse(purchase);
    this.kept += 1;
    return { reply, kept: true };
  }

  async buyFile(purchase: FilePurchase): Promise<never> {
    if (!(await this.stored.has(purchase.stage, purchase.key))) throw this.#refuse(purchase);
    this.kept += 1;
    throw notBought();
  }

  async buyLines<Line extends WantedLine, Answer>(purchase: LinesPurchase<Line, Answer>) {
    const { stage, lines } = purchase;
    const found = await Promise.all(lines.map(({ key }) => this.stored.find<Answer>(stage, key)));
    const answers = new Map<string, BoughtLine<Answer>>();
    for (const [index, { utteranceId }] of lines.entries()) {
      const answer = found[index];
      if (answer !== undefined) answers.set(utteranceId, { answer, kept: true });
    }
    const missing = lines.filter(({ utteranceId }) => !answers.has(utteranceId));
    this.kept += answers.size;
    if (missing.length > 0) {
      const most = purchase.estimate(missing);
      this.#note({ ...purchase, estimate: most, likely: purchase.likely?.(missing) });
    }
    return { answers, notes: undefined };
  }

  async find<Answer>(stage: string, key: Readonly<Record<string, unknown>>): Promise<Answer | undefined> {
    const answer = await this.stored.find<Answer>(stage, key);
    if (answer !== undefined) this.kept += 1;
    return answer;
  }

  has(stage: string, key: Readonly<Record<string, unknown>>): Promise<boolean> {
    return this.stored.has(stage, key);
  }

  holds(paths: readonly string[]): Promise<boolean> {
    return this.stored.holds(paths);
  }

  #refuse(purchase: PurchaseFacts): DubError {
    this.#note(purchase);
    return notBought();
  }

  #note({ stage, provider, estimate, likely }: PurchaseFacts): void {
    this.wanted.push({ stage, provider, likely: likely ?? estimate, most: estimate });
  }
}

function notBought(): DubError {
  return new DubError('PROVIDER_REFUSED', 'Nothing is bought for a plan.');
}
