import { DubError } from '../../../errors.js';
import type { ChatAnswer, ChatMessage } from '../../vendors/completions/chat.js';
import { refusalOf } from '../../vendors/completions/refusals.js';
import { roughTokens, shortToken } from '../../vendors/completions/tokens.js';
import { type ModelTraits, type Rung, rungs } from './models.js';
import type { ChatService } from './service.js';
import { responseFormat } from './wire.js';

/** One question whose answer is JSON of a known form. */
export interface Question<T> {
  readonly messages: readonly ChatMessage[];
  /** The form's name and JSON Schema. */
  readonly name: string;
  readonly schema: object;
  /** The answer in a text; undefined when it holds none. */
  read(text: string): T | undefined;
}

/** An answer, or how it ended without one. */
export interface Told<T> {
  /** Undefined when there was none that could be read. */
  readonly value: T | undefined;
  readonly ended: 'whole' | 'length' | 'content';
}

/** What is to be told of every answer, usable or not: all of them are billed. */
export interface Bill {
  add(answer: ChatAnswer): void;
}

/** How questions are asked. */
export interface AskerOptions {
  readonly model: string;
  readonly timeoutMs: number;
  readonly temperature: number | undefined;
  readonly seed: number | undefined;
  /** How the service is told to think or not to. */
  readonly thinkingSwitch: (thinking: boolean) => object;
}

/** Asks questions of one model and remembers which way of asking it takes. */
export interface Asker {
  ask<T>(question: Question<T>, bill: Bill, signal: AbortSignal): Promise<Told<T>>;
}

interface Way {
  readonly rung: Rung;
  readonly thinking: boolean | undefined;
}

/** An asker that begins with what the table says of the model. */
export function createAsker(service: Pick<ChatService, 'ask'>, traits: ModelTraits, options: AskerOptions): Asker {
  let way: Way = { rung: traits.rung, thinking: traits.thinking };

  async function ask<T>(question: Question<T>, bill: Bill, signal: AbortSignal): Promise<Told<T>> {
    const tried: Way[] = [];
    for (;;) {
      const used = way;
      tried.push(used);
      const answer = await send(question, used, signal).catch((error: unknown) => {
        const next = wayAfter(error, used);
        // Another question may have gone on in the meantime: then its way is tried.
        if (next !== undefined && way === used) way = next;
        if (next === undefined || tried.some((one) => sameWay(one, way))) throw error;
        return undefined;
      });
      if (answer === undefined) continue;
      bill.add(answer);
      if (answer.finish === 'length') return { value: undefined, ended: 'length' };
      if (/filter|inspection|sensitive/i.test(answer.finish)) return { value: undefined, ended: 'content' };
      const value = question.read(answer.text);
      if (value !== undefined) return { value, ended: 'whole' };
      if (way === used) way = lower(used) ?? used;
      if (tried.some((one) => sameWay(one, way))) return { value: undefined, ended: 'whole' };
    }
  }

  function send<T>({ messages, name, schema }: Question<T>, { rung, thinking }: Way, signal: AbortSignal) {
    const { model, timeoutMs, temperature, seed, thinkingSwitch } = options;
    const body = {
      ...{ model, messages },
      ...responseFormat(rung, name, schema),
      ...(thinking === undefined ? {} : thinkingSwitch(thinking)),
      ...(temperature === undefined ? {} : { temperature }),
      ...(seed === undefined ? {} : { seed }),
    };
    return service.ask(body, signal, { tokens: tokensIn(messages), timeoutMs });
  }

  return { ask };
}

/** The way to try after a refusal; undefined when it was not the way that was refused. */
function wayAfter(error: unknown, way: Way): Way | undefined {
  const refusal = refusalOf(error);
  const message = error instanceof DubError ? error.message : '';
  if (refusal === 'thinking') {
    if (/restricted to True/i.test(message)) return { rung: 'text', thinking: undefined };
    if (/not support|NotSupport/i.test(message)) return { ...way, thinking: undefined };
    return way.thinking === false ? undefined : { ...way, thinking: false };
  }
  if (refusal !== 'form') return undefined;
  if (/when enable_thinking is true/i.test(message) && way.thinking === undefined) return { ...way, thinking: false };
  return lower(way);
}

function lower(way: Way): Way | undefined {
  const rung = rungs[rungs.indexOf(way.rung) + 1];
  return rung === undefined ? undefined : { ...way, rung };
}

function sameWay(a: Way, b: Way): boolean {
  return a.rung === b.rung && a.thinking === b.thinking;
}

/** In and out, roughly: what comes out is half as long as what goes in. */
function tokensIn(messages: readonly ChatMessage[]): number {
  return Math.ceil(roughTokens(messages.map(({ content }) => content).join(''), shortToken) * 1.5);
}
