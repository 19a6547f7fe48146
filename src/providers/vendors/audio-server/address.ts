import { DubError } from '../../../errors.js';
import { hostKind } from '../../../net/addresses.js';

/** Where a server of the user's is. */
export interface ServerAddress {
  /** Scheme, host and path, no slash at the end; the end of a route that somebody pasted is left out. */
  readonly base: string;
  /** Host with its port, for people. */
  readonly host: string;
  /** True when only a host was given, so that the prefix of the routes is not known. */
  readonly bare: boolean;
}

/** Ends of routes that people paste along with the address. */
const pastedRoutes =
  /\/(audio\/(speech|transcriptions|voices)|models|health|docs|openapi\.json|synthesize|tts_url|gradio_api(\/info)?)$/;

/**
 * Reads the address of a server. A missing scheme is `https`, or `http` for this machine and private networks.
 * @param label what the text came from, for the error
 * @throws CONFIG_INVALID; the text is not shown when it may hold a password
 */
export function readAddress(text: string, label: string): ServerAddress {
  const given = text.trim();
  const url = parse(given);
  const fine = url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '';
  if (fine && url.username === '' && url.password === '' && url.search === '' && url.hash === '') {
    const path = url.pathname.replace(/\/+$/, '').replace(pastedRoutes, '').replace(/\/+$/, '');
    return { base: `${url.protocol}//${url.host}${path}`, host: url.host, bare: path === '' };
  }
  throw new DubError('CONFIG_INVALID', `${label} does not hold the address of a server.`, {
    hint: 'Write it as https://host:8443 or http://127.0.0.1:6006, without user name, query or `#`; keys go into their own variable.',
  });
}

function parse(text: string): URL | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return URL.canParse(text) ? new URL(text) : undefined;
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined;
  if (url === undefined) return undefined;
  const kind = hostKind(url.hostname);
  return kind === 'private' ? url : new URL(`https://${text}`);
}

/** True when a key would cross a public network in the clear. */
export function isInTheClear({ base }: ServerAddress): boolean {
  const { protocol, hostname } = new URL(base);
  const kind = hostKind(hostname);
  // A name without a dot is one of the local network.
  return protocol === 'http:' && (kind === 'public' || (kind === 'name' && hostname.includes('.')));
}

/** True for an address of this machine itself. */
export function isOnThisMachine({ base }: ServerAddress): boolean {
  return /^(localhost|127\.|\[::1\]$)/.test(new URL(base).hostname);
}
