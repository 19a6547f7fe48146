import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { buildConnector, Dispatcher } from 'undici';
import { DubError } from '../errors.js';
import { type AddressKind, addressKind } from './addresses.js';
import { type ProxySettings, readProxies } from './proxy.js';

/**
 * Where a connection may lead: `configured` anywhere, because the user named the host; `public` not into private
 * networks; `private` into those too, but not to link-local addresses, where metadata services are.
 */
export type Reach = 'configured' | 'public' | 'private';

/** Keep-alive connections, one pool per reach, so that a guarded request never rides on an unguarded connection. */
export interface Agents {
  get(reach: Reach): Promise<Dispatcher>;
  /** A connection for one conversation that is no request; whoever asks for it cuts it at the end. */
  line(options: LineOptions): Promise<Line>;
  /** Whether the connection of this error was never made. */
  wasUnsent(error: unknown): boolean;
  /** Whether a host's own addresses are private; false when DNS does not know. */
  resolvesPrivately(hostname: string): Promise<boolean>;
  /** Ends all connections at once, those under way too. */
  close(): Promise<void>;
}

/** What a conversation's connection may be. */
export interface LineOptions {
  /** False takes any certificate: for servers of the user's own that have made theirs themselves. */
  readonly verified: boolean;
}

/** A connection to be made for one conversation. */
export interface Line {
  readonly dispatcher: Dispatcher;
  /** Why it could not be connected; undefined when it was, or has not been tried. */
  whyNot(): unknown;
  /** Ends it at once, whatever is under way. */
  cut(): Promise<void>;
}

/** What the connections need to know. */
export interface AgentOptions {
  readonly connectMs: number;
  readonly env: ProxySettings;
  readonly lookup?: LookupFunction | undefined;
}

/** The address a name led to is not one that a stranger's link may reach. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
  constructor(
    readonly hostname: string,
    readonly kind: AddressKind,
  ) {
    super(`${hostname} is on a ${kind} address.`);
  }
}

/** Connections with nothing opened and undici not yet loaded. */
export function createAgents(options: AgentOptions): Agents {
  const lookup = options.lookup ?? (systemLookup as LookupFunction);
  const unsent = new WeakSet<object>();
  const connecting = new Set<Socket>();
  const agents = new Map<Reach, Promise<Dispatcher>>();
  let closed = false;

  async function create(reach: Reach, verified = true, onConnected?: OnConnected): Promise<Dispatcher> {
    const { EnvHttpProxyAgent, buildConnector } = await import('undici');
    const connect = buildConnector({
      timeout: options.connectMs,
      lookup: guarded(lookup, reach),
      rejectUnauthorized: verified,
    });
    return new EnvHttpProxyAgent({
      ...readProxies(options.env),
      connect: noting(connect, { unsent, connecting, onConnected }),
      proxyTls: { timeout: options.connectMs },
      requestTls: { rejectUnauthorized: verified },
      // http: goes through a proxy in absolute form, as everywhere; CONNECT to port 80 is refused by many.
      proxyTunnel: false,
      // The watch keeps time, to the millisecond and per request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  return {
    get(reach) {
      if (closed) return Promise.reject(new DubError('INTERRUPTED', 'The run has ended: no more requests are made.'));
      const found = agents.get(reach);
      if (found !== undefined) return found;
      const agent = create(reach);
      agents.set(reach, agent);
      return agent;
    },
    async line({ verified }) {
      if (closed) throw new DubError('INTERRUPTED', 'The run has ended: no more requests are made.');
      let failed: unknown;
      let socket: Socket | undefined;
      const dispatcher = await create('configured', verified, (error, made) => {
        failed = error ?? undefined;
        socket = made ?? undefined;
      });
      return {
        dispatcher,
        whyNot: () => failed,
        async cut() {
          // An upgraded connection is no longer the dispatcher's.
          socket?.destroy();
          await dispatcher.destroy();
        },
      };
    },
    wasUnsent: (error) => typeof error === 'object' && error !== null && unsent.has(error),
    resolvesPrivately(hostname) {
      return new Promise((resolve) => {
        lookup(hostname, { all: true }, (error, found) => {
          const all = error || !Array.isArray(found) ? [] : found;
          resolve(all.some(({ address }) => addressKind(address) !== 'public'));
        });
      });
    },
    async close() {
      closed = true;
      // Without an error the connector would never tell its request.
      for (const socket of connecting)
        socket.destroy(Object.assign(new Error('The run has ended.'), { code: 'UND_ERR_CLOSED' }));
      const opened = await Promise.allSettled(agents.values());
      await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.destroy() : undefined)));
    },
  };
}

/** A look-up that fails when a name leads where it may not: what is checked is the very address that is connected to. */
function guarded(lookup: LookupFunction, reach: Reach): LookupFunction {
  if (reach === 'configured') return lookup;
  return (hostname, options: LookupOptions, callback) => {
    lookup(hostname, options, (error, found, family) => {
      const all: readonly LookupAddress[] =
        typeof found === 'string' ? [{ address: found, family: family ?? 0 }] : (found ?? []);
      const kinds = error ? [] : all.map(({ address }) => addressKind(address));
      const bad = kinds.find((kind) => !mayReach(kind, reach));
      if (bad === undefined) callback(error, found, family);
      else callback(new RefusedAddressError(hostname, bad), '', 0);
    });
  };
}

/** Whether an address of this kind is within reach. */
export function mayReach(kind: AddressKind, reach: Reach): boolean {
  return reach === 'configured' || kind === 'public' || (kind === 'private' && reach === 'private');
}

/** What is remembered of connections. */
interface Notes {
  /** Errors of those that were never made. */
  readonly unsent: WeakSet<object>;
  /** Sockets that are still being connected. */
  readonly connecting: Set<Socket>;
  readonly onConnected?: OnConnected | undefined;
}

/** Told of every connection, made or not. */
type OnConnected = (...result: buildConnector.Callback extends (...args: infer Args) => void ? Args : never) => void;

/** Remembers the errors of connections that were never made, and the sockets that are still being connected. */
function noting(
  connect: buildConnector.connector,
  { unsent, connecting, onConnected }: Notes,
): buildConnector.connector {
  return (target, callback) => {
    // The connector returns its socket, which its type leaves out.
    const socket = connect(target, (...result) => {
      if (socket) connecting.delete(socket);
      if (result[0]) unsent.add(result[0]);
      onConnected?.(...result);
      callback(...result);
    }) as unknown as Socket | undefined;
    if (socket) connecting.add(socket);
  };
}
