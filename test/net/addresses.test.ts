import { expect, test } from 'vitest';
import { addressKind, hostKind } from '../../src/net/addresses.js';

const hostOf = (url: string) => hostKind(new URL(url).hostname);

test('addresses of private networks and of this machine are private', () => {
  const addresses = [
    '127.0.0.1',
    '127.8.9.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
  ];
  const more = ['224.0.0.1', '255.255.255.255', '::1', '::', 'fd12::1', 'fc00::1', 'fec0::1', 'ff02::1', '2001::1'];
  for (const address of [...addresses, ...more]) expect([address, addressKind(address)]).toEqual([address, 'private']);
});

test('link-local addresses and metadata services are a kind of their own', () => {
  const addresses = [
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
  ];
  for (const address of addresses) expect([address, addressKind(address)]).toEqual([address, 'link-local']);
});

test('other addresses are public, those of local proxies that fake addresses too', () => {
  const addresses = [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '198.18.0.5',
    '2606:4700::1111',
    '2400:3200::1',
  ];
  for (const address of addresses) expect([address, addressKind(address)]).toEqual([address, 'public']);
});

test('an IPv6 address that carries an IPv4 one is judged by that', () => {
  expect(addressKind('::ffff:127.0.0.1')).toBe('private');
  expect(addressKind('::ffff:7f00:1')).toBe('private');
  expect(addressKind('::ffff:169.254.169.254')).toBe('link-local');
  expect(addressKind('::ffff:8.8.8.8')).toBe('public');
  expect(addressKind('::192.168.0.1')).toBe('private');
  expect(addressKind('64:ff9b::10.0.0.1')).toBe('private');
  expect(addressKind('64:ff9b::8.8.8.8')).toBe('public');
  expect(addressKind('2002:7f00:1::')).toBe('private');
  expect(addressKind('2002:a9fe:a9fe::1')).toBe('link-local');
});

test('hosts in decimal, octal, hexadecimal and short form are what they mean', () => {
  for (const host of [
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '127.0.0.1.',
  ]) {
    expect([host, hostOf(`http://${host}/`)]).toEqual([host, 'private']);
  }
  expect(hostOf('http://2852039166/')).toBe('link-local');
  expect(hostOf('http://0xa9fea9fe/')).toBe('link-local');
  expect(hostOf('http://134744072/')).toBe('public');
});

test('names that always mean this machine or a metadata service need no look-up', () => {
  for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost'])
    expect(hostOf(`http://${name}/`)).toBe('private');
  expect(hostOf('http://metadata.google.internal/')).toBe('link-local');
  expect(hostOf('http://example.com/')).toBe('name');
});
