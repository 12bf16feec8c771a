import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loopbackAddress } from '../../src/lab/endpoint.ts';
import { LabRefused } from '../../src/lab/lab-error.ts';

suite('loopbackAddress', () => {
  for (const [host, address] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.8.9.10', '127.8.9.10'],
    ['::1', '::1'],
    ['0.0.0.0', '127.0.0.1'],
  ] as const) {
    test(`${host} is ${address}`, async () => {
      assert.equal(await loopbackAddress(host), address);
    });
  }

  test('localhost is an address, not a name', async () => {
    assert.match(await loopbackAddress('localhost'), /^(127\.0\.0\.1|::1)$/);
  });

  for (const host of [
    '10.0.0.1',
    '192.0.2.7',
    '2001:db8::1',
    '126.255.255.255',
    '128.0.0.1',
    '::ffff:192.0.2.1',
  ]) {
    test(`${host} is refused`, async () => {
      await assert.rejects(
        loopbackAddress(host),
        (error) => error instanceof LabRefused && error.reason === 'not_loopback',
      );
    });
  }

  test('a name that is unknown is refused', async () => {
    await assert.rejects(
      loopbackAddress('no-such-host.invalid'),
      (error) => error instanceof LabRefused && error.reason === 'host_unknown',
    );
  });
});
