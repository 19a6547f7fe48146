import { DubError } from '../errors.js';

/** The proxy variables of an environment; lower case wins, as with curl. Other names are not looked at. */
export type ProxySettings = Readonly<Record<string, string | undefined>>;

/** Proxies as undici takes them; an empty string is none, and keeps it from looking at the process's environment. */
export interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** This machine is never reached through a proxy. */
const localHosts = 'localhost,127.0.0.1,[::1]';

/**
 * Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY. A proxy without a scheme (`127.0.0.1:7890`) is taken for http.
 * @throws `CONFIG_INVALID` when a proxy is not a URL
 */
export function readProxies(env: ProxySettings): Proxies {
  const noProxy = (env.no_proxy ?? env.NO_PROXY ?? '').trim();
  return {
    httpProxy: readProxy(env, 'HTTP_PROXY'),
    httpsProxy: readProxy(env, 'HTTPS_PROXY'),
    noProxy: noProxy === '*' ? '*' : `${localHosts},${noProxy}`,
  };
}

function readProxy(env: ProxySettings, name: string): string {
  const value = (env[name.toLowerCase()] ?? env[name] ?? '').trim();
  if (value === '') return '';
  const url = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(url) && /^(https?|socks5?):$/.test(new URL(url).protocol)) return url;
  // The value is not shown: it may hold a password.
  throw new DubError('CONFIG_INVALID', `${name} is not the URL of a proxy.`, {
    hint: `Set ${name} to http://host:port, or unset it.`,
  });
}
