import type { ServiceRates } from '../../../net/http.js';
import type { Readiness } from '../../contract.js';
import type { ChatAnswer, ChatBody, ChatCall } from '../../vendors/completions/chat.js';

/** A service with chat models, as far as a translator needs it. */
export interface ChatService {
  /** Where everything goes; undefined when it is on this machine. */
  readonly host: string | undefined;
  readonly region?: string | undefined;
  /** What was odd in the settings and has been put right. */
  readonly warnings: readonly string[];
  /** Asks nobody: it looks at the settings only. */
  ready(): Readiness;
  /** Sets the rates and places of a model. */
  limit(model: string, rates: ServiceRates): Promise<void>;
  ask(body: ChatBody, signal: AbortSignal, call: ChatCall): Promise<ChatAnswer>;
}
