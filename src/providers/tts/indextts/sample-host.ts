import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DubError } from '../../../errors.js';
import { addressKind, hostKind } from '../../../net/addresses.js';
import type { ServerAddress } from '../../vendors/audio-server/address.js';
import type { PreparedSample } from './prepared-sample.js';

/** Offers samples to a server that fetches them, for as long as the run lasts. */
export interface SampleHost {
  /** @returns a link that cannot be guessed */
  publish(sample: PreparedSample): string;
}

/** Whether a server is on this machine or its network, so that it can fetch what this machine offers. */
export async function reachesBack({ base }: ServerAddress): Promise<boolean> {
  const { hostname } = new URL(base);
  const kind = hostKind(hostname);
  if (kind !== 'name') return kind === 'private';
  const found = await lookup(hostname, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ address }) => addressKind(address) === 'private');
}

/**
 * Listens on the address of this machine that leads to the server, and nowhere else. Nothing but the published samples
 * is served, each under a random path, and the listener does not keep the process alive.
 */
export async function createSampleHost(address: ServerAddress): Promise<SampleHost> {
  const samples = new Map<string, Uint8Array>();
  const server = createServer((incoming, outgoing) => {
    const bytes = incoming.method === 'GET' || incoming.method === 'HEAD' ? samples.get(incoming.url ?? '') : undefined;
    if (bytes === undefined) return void outgoing.writeHead(404, { connection: 'close' }).end();
    outgoing.writeHead(200, { 'content-type': 'audio/wav', 'content-length': bytes.length, connection: 'close' });
    outgoing.end(incoming.method === 'HEAD' ? undefined : bytes);
  });
  const local = await localAddressTowards(address);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, local, resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  const host = local.includes(':') ? `[${local}]` : local;
  return {
    publish({ bytes, sha256 }) {
      const path = `/${randomBytes(16).toString('hex')}/${sha256.slice(0, 16)}.wav`;
      samples.set(path, bytes);
      return `http://${host}:${port}${path}`;
    },
  };
}

/** Connecting a datagram socket sends nothing, but tells by which address of this machine the way leads. */
async function localAddressTowards({ base, host }: ServerAddress): Promise<string> {
  const { hostname, port, protocol } = new URL(base);
  const { address, family } = await lookup(hostname.replace(/^\[|\]$/g, ''));
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(Number(port || (protocol === 'https:' ? 443 : 80)), address, resolve);
    });
    return socket.address().address;
  } catch (cause) {
    throw new DubError('PROVIDER_UNREACHABLE', `There is no way to ${host} by which it could fetch a voice sample.`, {
      hint: 'Give --voice a link that the server can fetch, or the name of one of its speakers.',
      cause,
    });
  } finally {
    socket.close();
  }
}
