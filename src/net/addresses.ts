import { BlockList, isIP } from 'node:net';

/**
 * How far an address reaches: `public`; `private` (this machine, or a network behind its router); `link-local`
 * (this link only, which is where clouds keep their metadata services).
 */
export type AddressKind = 'public' | 'private' | 'link-local';

type Prefix = readonly [network: string, bits: number];

// IANA special-purpose registries (RFC 6890 and successors). 198.18.0.0/15 is left out on purpose: it is no one's
// network, and local proxies in TUN mode answer every name with an address of it ("fake IP").
const privatePrefixes: readonly Prefix[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::1', 128],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['fc00::', 7],
  ['fec0::', 10],
  ['ff00::', 8],
];

// Besides link-local proper: the metadata services of Alibaba Cloud, Oracle, Azure (its wire server) and AWS (IPv6).
const linkLocalPrefixes: readonly Prefix[] = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
];

const privateList = blockList(privatePrefixes);
const linkLocalList = blockList(linkLocalPrefixes);

/** The kind of an IP address in text; an IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is judged by that. */
export function addressKind(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '');
  const plain = isIP(bare) === 6 ? (embeddedIPv4(bare) ?? bare) : bare;
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (linkLocalList.check(plain, family)) return 'link-local';
  return privateList.check(plain, family) ? 'private' : 'public';
}

/**
 * The kind of a URL's host as far as it can be told without asking DNS; `name` when only DNS can tell.
 * @param hostname as `URL` spells it, which has already turned 2130706433, 0x7f.1 and 127.1 into 127.0.0.1
 */
export function hostKind(hostname: string): AddressKind | 'name' {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(bare) !== 0) return addressKind(bare);
  const name = bare.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return 'private';
  if (name === 'metadata' || name === 'metadata.google.internal') return 'link-local';
  return 'name';
}

function blockList(prefixes: readonly Prefix[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of prefixes) list.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

/** The IPv4 address inside ::ffff:a.b.c.d, ::a.b.c.d, 64:ff9b::a.b.c.d and 2002:aabb:ccdd::. */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const head = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  if (head === '0:0:0:0:0:ffff' || head === '64:ff9b:0:0:0:0') return dotted(groups[6]!, groups[7]!);
  if (head === '0:0:0:0:0:0' && (groups[6]! > 0 || groups[7]! > 1)) return dotted(groups[6]!, groups[7]!);
  return groups[0] === 0x2002 ? dotted(groups[1]!, groups[2]!) : undefined;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser rewrites a dotted tail in hexadecimal, so that only colons are left.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [before = '', after] = canonical.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === undefined || after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
