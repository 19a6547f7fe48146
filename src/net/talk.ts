import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'undici';
import type { Line } from './agents.js';
import { untilAborted } from './clock.js';
import { badReply, noAnswer } from './failures.js';
import type { Socket, TalkRequest } from './http.js';
import type { Attempt, Runner } from './runner.js';

/** Bytes that may wait in Node to be sent. */
const mostWaiting = 1 << 20;
/** How often is looked whether they have gone: a WebSocket does not tell. */
const lookMs = 5;
/** How long a server has to say goodbye. */
const goodbyeMs = 500;
const hint = 'Check the address and that the server runs; the same command resumes.';
/** Messages that wait to be read, in all: more is no answer to what we ask. */
const mostUnread = 32 * 1024 * 1024;

/**
 * Has a conversation by WebSocket; one that fails in a way that may pass is had again from its start.
 * @throws what `converse` throws, and PROVIDER_UNREACHABLE, PROVIDER_TIMEOUT, PROVIDER_BAD_REPLY or INTERRUPTED
 */
export function talk<T>(
  runner: Runner,
  request: TalkRequest,
  signal: AbortSignal,
  converse: (socket: Socket) => Promise<T>,
): Promise<T> {
  const { verified = true, protocols = [], ...asked } = request;
  const url = new URL(request.url);
  url.protocol = url.protocol === 'ws:' ? 'http:' : url.protocol === 'wss:' ? 'https:' : url.protocol;
  return runner.run({ idempotent: 'repeatable', ...asked, url }, signal, async (attempt) => {
    const line = await runner.shared.agents.line({ verified });
    try {
      const { socket, end } = await connect(attempt, line, protocols, runner.shared.connectMs);
      const said = await untilAborted(converse(socket), attempt.watch.signal);
      await end();
      attempt.pass.leave('ok');
      return said;
    } finally {
      attempt.watch.stop();
      await line.cut();
    }
  });
}

async function connect(
  { url, what, watch }: Attempt,
  line: Line,
  protocols: readonly string[],
  connectMs: number,
): Promise<{ readonly socket: Socket; end(): Promise<void> }> {
  const { WebSocket: Connection } = await import('undici');
  const address = url.href.replace(/^http/, 'ws');
  const socket = new Connection(address, { protocols: [...protocols], dispatcher: line.dispatcher });
  const inbox = new Inbox(socket, what, watch);
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', ({ error, message }) => {
      const cause = line.whyNot();
      if (cause !== undefined) reject(noAnswer(cause, what, url.host, connectMs, true));
      else
        reject(
          badReply(`${what} was not answered by a WebSocket.`, { retryable: true }, { hint, cause: error ?? message }),
        );
    });
  });
  await untilAborted(opened, watch.signal);
  watch.touch();
  return {
    socket: {
      async send(message) {
        inbox.throwIfGone();
        socket.send(message);
        while (socket.bufferedAmount > mostWaiting) {
          await sleep(lookMs, undefined, { signal: watch.signal }).catch(() => undefined);
          inbox.throwIfGone();
        }
        watch.touch();
      },
      next: () => inbox.next(),
    },
    async end() {
      socket.close();
      await Promise.race([inbox.closed, sleep(goodbyeMs)]);
    },
  };
}

/** Text messages in the order in which they came. */
class Inbox {
  readonly #what: string;
  readonly #watch: Attempt['watch'];
  #messages: string[] = [];
  #unread = 0;
  #gone: Error | undefined;
  #wake: (() => void) | undefined;
  readonly closed: Promise<void>;

  constructor(socket: WebSocket, what: string, watch: Attempt['watch']) {
    this.#what = what;
    this.#watch = watch;
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#put(data);
    });
    socket.addEventListener('error', () => this.#end());
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** @throws PROVIDER_BAD_REPLY when the server ends first */
  async next(): Promise<string> {
    while (this.#messages.length === 0) {
      this.throwIfGone();
      await untilAborted(
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        this.#watch.signal,
      );
    }
    const message = this.#messages.shift()!;
    this.#unread -= message.length;
    return message;
  }

  throwIfGone(): void {
    if (this.#watch.signal.aborted) throw this.#watch.signal.reason;
    if (this.#gone !== undefined && this.#messages.length === 0) throw this.#gone;
  }

  #put(message: string): void {
    this.#watch.touch();
    this.#unread += message.length;
    if (this.#unread > mostUnread) {
      this.#end();
      return;
    }
    this.#messages.push(message);
    this.#wake?.();
  }

  #end(): void {
    this.#gone ??= badReply(`${this.#what} ended before all was said.`, { retryable: true }, { hint });
    this.#wake?.();
  }
}
