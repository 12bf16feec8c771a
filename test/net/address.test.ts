import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddressBlock, isLoopback, localAddressOf, Networks } from '../../src/net/address.ts';

test('loopback is localhost, 127.0.0.0/8 and ::1, in any spelling, and no other name or address', () => {
  for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1']) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    'localhost.example',
    '127.0.0.1.example',
  ]) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('a server that listens on a wildcard address is reached by loopback', () => {
  assert.equal(localAddressOf('0.0.0.0'), '127.0.0.1');
  assert.equal(localAddressOf('::'), '::1');
  assert.equal(localAddressOf('192.0.2.1'), '192.0.2.1');
});

test('a block that is accepted is a set of addresses; any other text is refused', () => {
  for (const block of ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1/128', '0.0.0.0/0']) {
    assert.equal(isAddressBlock(block), true, block);
    new Networks([block]);
  }
  for (const block of [
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    'fd00::/129',
    '10.0.0.0/x',
    'example.com',
  ]) {
    assert.equal(isAddressBlock(block), false, block);
    assert.throws(() => new Networks([block]), /is no address and no network/);
  }
  assert.equal(new Networks(['10.0.0.0/8', 'fd00::/8']).includes('10.1.2.3'), true);
  assert.equal(new Networks(['10.0.0.0/8', 'fd00::/8']).includes('fe80::1'), false);
});
