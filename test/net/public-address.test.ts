/*
 * Goal: no request that somebody else names reaches what only this machine or its network can.
 * Method: published special-purpose ranges, with the spellings and the embeddings that have got through elsewhere.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isPublicAddress, ReachableAddresses } from '../../src/net/public-address.ts';

const REFUSED = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254'],
  ...['169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
  ...['192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.1.1.1'],
  ...['240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:0:8.8.8.8'],
  ...['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '100::1', '2001::1', '2001:0:53aa:64c::1'],
  ...['2001:db8::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254'],
  ...['fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2606:4700::1111%eth0'],
  ...['', 'localhost', 'example.com', '1.2.3', '0x7f.1', '[::1]', '127.1'],
];
const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '193.0.0.1',
];

test('loopback, private, link-local, metadata, multicast and embedded addresses are not public', () => {
  for (const address of REFUSED) assert.equal(isPublicAddress(address), false, address);
  for (const address of [...PUBLIC, '2606:4700:4700::1111', '2a00:1450:4003::1', '2001:4860:4860::8888'])
    assert.equal(isPublicAddress(address), true, address);
});

test('no IPv6 address outside of global unicast is public', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const first = groups[0] ?? 0;
      const address = groups.map((each) => each.toString(16)).join(':');
      if ((first & 0xe000) !== 0x2000) assert.equal(isPublicAddress(address), false, address);
    }),
  );
});

test('named addresses may be called, also without TLS; nothing else of their network', () => {
  const rules = new ReachableAddresses(['127.0.0.1', '10.1.0.0/16', 'fd00::/8']);
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.1.2.3', 'fd12::1'])
    assert.ok(rules.permits(address) && rules.isNamed(address), address);
  for (const address of ['127.0.0.2', '10.2.0.1', '::1', 'fe80::1', '64:ff9b::7f00:1'])
    assert.ok(!rules.permits(address), address);
  assert.ok(rules.permits('8.8.8.8') && !rules.isNamed('8.8.8.8'));
});

test('a URL is refused for the address in it, in whatever spelling', () => {
  const none = new ReachableAddresses([]);
  const refused = [
    ...[
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://0177.0.0.1/',
      'https://127.1/',
    ],
    ...['https://localhost/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[64:ff9b::7f00:1]/'],
    ...[
      'https://169.254.169.254/latest/meta-data',
      'http://example.com/',
      'http://8.8.8.8/',
      'https://1２７.0.0.1/',
    ],
  ];
  for (const url of refused) assert.equal(none.mayCall(new URL(url)), false, url);
  assert.equal(none.mayCall(new URL('https://example.com/hooks')), true);
  const named = new ReachableAddresses(['127.0.0.1']);
  for (const url of ['http://127.0.0.1:8080/', 'http://localhost/', 'https://0x7f.1/'])
    assert.equal(named.mayCall(new URL(url)), true, url);
  assert.equal(named.mayCall(new URL('http://127.0.0.2/')), false);
});
