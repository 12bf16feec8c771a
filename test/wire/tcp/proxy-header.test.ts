/*
 * Goal: a PROXY header (version 2) is accepted only from trusted proxies, and must be complete.
 * Method: headers byte by byte, cut anywhere, damaged, or from untrusted addresses.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { clientNetwork, Networks, plainAddress } from '../../../src/net/address.ts';
import { crc32c } from '../../../src/wire/tcp/crc32c.ts';
import { PROXY_SIGNATURE, parseProxyHeader } from '../../../src/wire/tcp/proxy-header.ts';
import { until } from '../../waiting.ts';
import { ALICE, Client, startFixture } from './tcp-fixture.ts';

const TCP4 = 0x11;
const TCP6 = 0x21;

function header(
  options: { version?: number; command?: number; family?: number; rest?: Buffer; length?: number } = {},
): Buffer {
  const { version = 2, command = 1, family = TCP4, rest = ipv4('192.0.2.7'), length = rest.length } = options;
  const fixed = Buffer.from([(version << 4) | command, family, length >> 8, length & 255]);
  return Buffer.concat([PROXY_SIGNATURE, fixed, rest]);
}

function ipv4(address: string): Buffer {
  return Buffer.from([...address.split('.').map(Number), 127, 0, 0, 1, 0x30, 0x39, 0x2a, 0xfa]);
}

function ipv6(groups: readonly number[]): Buffer {
  const rest = Buffer.alloc(36);
  groups.forEach((group, index) => {
    rest.writeUInt16BE(group, 2 * index);
  });
  return rest;
}

function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
}

/** A header whose checksum fits, unless it is spoilt. */
function checked(spoil = 0): Buffer {
  const extensions = [
    tlv(0x05, Buffer.from('unique id')),
    tlv(0x03, Buffer.alloc(4)),
    tlv(0x04, Buffer.alloc(3)),
  ];
  const whole = header({ rest: Buffer.concat([ipv4('192.0.2.7'), ...extensions]) });
  const offset = 16 + 12 + (3 + 9) + 3;
  whole.writeUInt32BE((crc32c(whole) ^ spoil) >>> 0, offset);
  return whole;
}

test('CRC32C has the value of RFC 3720 appendix B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
});

test('a header names the client, or says that there is none', () => {
  assert.deepEqual(parseProxyHeader(header()), { address: '192.0.2.7' });
  const six = ipv6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x17]);
  assert.deepEqual(parseProxyHeader(header({ family: TCP6, rest: six })), {
    address: '2001:db8:0:0:0:0:0:17',
  });
  const mapped = ipv6([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0207]);
  assert.deepEqual(parseProxyHeader(header({ family: TCP6, rest: mapped })), { address: '192.0.2.7' });
  const none = { address: undefined };
  assert.deepEqual(parseProxyHeader(header({ command: 0, family: 0, rest: Buffer.alloc(0) })), none, 'LOCAL');
  assert.deepEqual(parseProxyHeader(header({ command: 0 })), none, 'LOCAL, and what it says is ignored');
  assert.deepEqual(parseProxyHeader(header({ family: 0, rest: Buffer.alloc(0) })), none, 'UNSPEC');
  assert.deepEqual(
    parseProxyHeader(header({ family: 0, rest: Buffer.alloc(9) })),
    none,
    'UNSPEC with addresses',
  );
});

test('TLVs are skipped, and the checksum among them is verified', () => {
  const unknown = tlv(0xe0, Buffer.alloc(300));
  const empty = tlv(0x04, Buffer.alloc(0));
  const rest = Buffer.concat([ipv4('192.0.2.7'), unknown, empty]);
  assert.deepEqual(parseProxyHeader(header({ rest })), { address: '192.0.2.7' });
  assert.deepEqual(parseProxyHeader(checked()), { address: '192.0.2.7' });
  assert.equal(parseProxyHeader(checked(1)), undefined);
  const damaged = checked();
  damaged.writeUInt8(9, 16);
  assert.equal(parseProxyHeader(damaged), undefined);
});

test('a malformed header is not accepted as a header', () => {
  const wrongSignature = header();
  wrongSignature.writeUInt8(0x0e, 0);
  const cases: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    truncated: header().subarray(0, 20),
    'longer than it says': Buffer.concat([header(), Buffer.alloc(1)]),
    'version 1': header({ version: 1 }),
    'version 3': header({ version: 3 }),
    'an unknown command': header({ command: 2 }),
    'UDP over IPv4': header({ family: 0x12 }),
    'a Unix socket': header({ family: 0x31, rest: Buffer.alloc(216) }),
    'an unknown family': header({ family: 0x41 }),
    'too short for its family': header({ rest: Buffer.alloc(11) }),
    'IPv6 in the room of IPv4': header({ family: TCP6 }),
    'half a TLV': header({ rest: Buffer.concat([ipv4('192.0.2.7'), Buffer.from([4, 0])]) }),
    'a TLV beyond the end': header({ rest: Buffer.concat([ipv4('192.0.2.7'), Buffer.from([4, 0, 9, 1])]) }),
    'a checksum of the wrong length': header({
      rest: Buffer.concat([ipv4('192.0.2.7'), tlv(3, Buffer.alloc(3))]),
    }),
    'a wrong signature': wrongSignature,
  };
  for (const [name, bytes] of Object.entries(cases)) assert.equal(parseProxyHeader(bytes), undefined, name);
});

test('no bytes after the signature break the parser', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      parseProxyHeader(Buffer.concat([PROXY_SIGNATURE, bytes]));
      parseProxyHeader(header({ rest: Buffer.from(bytes) }));
    }),
    { numRuns: 2_000 },
  );
});

test('from a trusted proxy the header gives the address, wherever its bytes are cut', async (t) => {
  const { port, services } = await startFixture(t, { proxyTrusted: ['10.0.0.0/8', '127.0.0.0/8'] });
  const bytes = Buffer.concat([checked(), Buffer.from(`${JSON.stringify(ALICE)}\n`)]);
  for (const size of [1, 7, 16, 28, 45, bytes.length]) {
    const client = await Client.connect(t, port);
    for (let start = 0; start < bytes.length; start += size) {
      client.send(bytes.subarray(start, start + size));
      await new Promise((resolve) => setTimeout(resolve, size < 7 ? 0 : 5));
    }
    assert.equal((await client.answer()).status, 'OK');
    assert.equal((await client.ask({ accion: 'pet_transaccion' })).status, 'OK');
  }
  assert.deepEqual(new Set(services.addresses), new Set(['192.0.2.7']));
  const six = await Client.connect(t, port);
  six.send(header({ family: TCP6, rest: ipv6([0x2001, 0xdb8, 1, 2, 3, 4, 5, 6]) }), ALICE);
  assert.equal((await six.answer()).status, 'OK');
  assert.equal(services.addresses.at(-1), '2001:db8:1:2::/64');
  for (const command of [header({ command: 0 }), header({ family: 0, rest: Buffer.alloc(0) })]) {
    const local = await Client.connect(t, port);
    local.send(command, ALICE);
    assert.equal((await local.answer()).status, 'OK');
    assert.equal(services.addresses.at(-1), '127.0.0.1', "the proxy's own");
  }
});

test('the bounds per address are those of the client, not of the proxy', async (t) => {
  const { port } = await startFixture(t, {
    proxyTrusted: ['127.0.0.1'],
    limits: { connectionsPerAddressMax: 1 },
  });
  for (const last of [1, 2, 3]) {
    const client = await Client.connect(t, port);
    client.send(header({ rest: ipv4(`192.0.2.${last}`) }), ALICE);
    assert.equal((await client.answer()).status, 'OK');
  }
  const second = await Client.connect(t, port);
  second.send(header({ rest: ipv4('192.0.2.3') }));
  assert.equal((await second.answer()).error, 'connections_too_many');
});

test('from a trusted proxy the header is mandatory, in time and within its bound', async (t) => {
  const { port, server, services, log } = await startFixture(t, {
    proxyTrusted: ['127.0.0.1'],
    limits: { proxyHeaderTimeMs: 100, proxyHeaderBytesMax: 200 },
  });
  const long = Buffer.concat([ipv4('192.0.2.7'), tlv(4, Buffer.alloc(170))]);
  const sends: (object | Buffer | string)[][] = [
    [],
    [header().subarray(0, 11)],
    [header().subarray(0, 27)],
    [ALICE],
    ['PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n'],
    [header({ rest: long })],
    [header({ length: 65_535 })],
    [checked(1), ALICE],
  ];
  for (const parts of sends) {
    const client = await Client.connect(t, port);
    client.send(...parts);
    await client.closed;
    assert.equal(client.unread, 0);
  }
  assert.equal(server.counters.proxyHeadersRefused, sends.length - 1);
  assert.equal(server.connections, 0);
  assert.deepEqual(services.addresses, []);
  assert.equal(
    log.filter(({ level }) => level === 'warn').length,
    sends.length - 1,
    'a check that says nothing is no news',
  );
});

test('from anyone else a header is not accepted', async (t) => {
  const { port, server, services } = await startFixture(t, { proxyTrusted: ['10.0.0.0/8'] });
  const client = await Client.connect(t, port);
  client.send(Buffer.concat([header(), Buffer.from(`${JSON.stringify(ALICE)}\n`)]));
  await client.closed;
  assert.deepEqual(services.addresses, []);
  assert.equal(server.counters.proxyHeadersRefused, 1);
  const twice = await startFixture(t, { proxyTrusted: ['127.0.0.1'] });
  const doubled = await Client.connect(t, twice.port);
  doubled.send(header());
  await until(() => twice.server.connections === 1);
  doubled.send(header({ rest: ipv4('192.0.2.99') }), ALICE);
  await doubled.closed;
  assert.deepEqual(twice.services.addresses, []);
});

test('addresses: mapped ones, networks of clients, lists of networks', () => {
  assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(plainAddress('::FFFF:192.0.2.1'), '192.0.2.1');
  assert.equal(plainAddress('::ffff:1'), '::ffff:1');
  const networks: [string, string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
  ];
  for (const [address, network] of networks) assert.equal(clientNetwork(address), network);
  const trusted = new Networks(['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1']);
  for (const address of ['10.1.2.3', '192.0.2.1', 'fd12::1', '::1'])
    assert.ok(trusted.includes(address), address);
  for (const address of ['11.0.0.1', '192.0.2.2', 'fe80::1', '::2', 'x'])
    assert.ok(!trusted.includes(address), address);
  for (const wrong of [
    '',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/8x',
  ]) {
    assert.throws(() => new Networks([wrong]), { name: 'StartRefused' }, wrong);
  }
});
