import { isOnThisMachine, readAddress } from '../../vendors/audio-server/address.js';

/** Where a FunASR server is. */
export interface FunAsrServer {
  /** `https` where TLS is spoken, which is how the server comes. */
  readonly url: string;
  /** With its port, for people. */
  readonly host: string;
  readonly local: boolean;
}

/** @throws CONFIG_INVALID for what is no address */
export function readServer(text: string): FunAsrServer {
  const [, scheme = 'wss', rest = text] = /^(wss?|https?):\/\/(.*)$/is.exec(text.trim()) ?? [];
  const secure = /^(wss|https)$/i.test(scheme);
  const address = readAddress(`${secure ? 'https' : 'http'}://${rest.trim()}`, 'FUNASR_URL');
  return { url: `${address.base}/`, host: address.host, local: isOnThisMachine(address) };
}
