/*
 * Goal: the vault process serves only callers whose name is configured, and no caller costs more than the bounds allow.
 * Method: the real listener on a real sealed file, in this process; callers on raw TLS, and the real client.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createFileVault } from '../../../src/adapters/vault-file/open-file-vault.ts';
import { openRemoteVault } from '../../../src/adapters/vault-remote/vault.ts';
import { makeVaultCertificates, pathsOf } from '../../../src/cli/vault/certificates.ts';
import { StartRefused, VaultUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import { VAULT_ANSWERS, VAULT_CALLS } from '../../../src/vault-protocol/calls.ts';
import { encodeFrame, type Frame, FrameReader, VAULT_PROTOCOL } from '../../../src/vault-protocol/frames.ts';
import type { VaultListenerLimits } from '../../../src/wire/vault/listener-limits.ts';
import { startVaultListener, type VaultListener } from '../../../src/wire/vault/server.ts';
import { throwAwayFolder, vaultOptions } from '../../contract/vault-fixture.ts';
import {
  CALLER,
  callerCredentials,
  MANAGER,
  SILENT,
  STRANGER,
  VAULT_CERTIFICATES,
} from '../../services/vault.ts';
import { until } from '../../waiting.ts';

interface Logged {
  readonly reason?: string;
  readonly caller?: string;
  readonly message: string;
}

const DAY_MS = 86_400_000;
let folder: Awaited<ReturnType<typeof throwAwayFolder>>;
let vault: KeyVault;

before(async () => {
  folder = await throwAwayFolder();
  vault = await createFileVault(vaultOptions(folder.folder));
});
after(async () => {
  await vault.close();
  await folder.remove();
});

async function listenerCredentials() {
  const paths = pathsOf(VAULT_CERTIFICATES, 'vault');
  const [ca, cert, key] = await Promise.all(
    [pathsOf(VAULT_CERTIFICATES, 'ca').cert, paths.cert, paths.key].map((path) => readFile(path, 'utf8')),
  );
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

interface Listening {
  readonly listener: VaultListener;
  readonly port: number;
  readonly url: string;
  readonly logged: readonly Logged[];
  /** Moves the listener's clock. */
  readonly clock: { offsetMs: number };
}

interface Ends {
  after(task: () => unknown): void;
}

async function listen(
  t: Ends,
  { limits = {}, keys = vault }: { limits?: Partial<VaultListenerLimits>; keys?: KeyVault } = {},
): Promise<Listening> {
  const logged: Logged[] = [];
  const log = (fields: object, message: string) => void logged.push({ ...fields, message });
  const clock = { offsetMs: 0 };
  const listener = await startVaultListener({
    host: '127.0.0.1',
    port: 0,
    callers: [CALLER],
    keyManagers: [MANAGER],
    credentials: listenerCredentials,
    vault: keys,
    clock: { now: () => Date.now() + clock.offsetMs },
    logger: { info: log, warn: log, error: log },
    limits,
  });
  t.after(() => listener.stop(0));
  const { port } = listener.address();
  return { listener, port, url: `https://127.0.0.1:${port}`, logged, clock };
}

async function openClient(t: Ends, { url }: Listening, name = MANAGER, certificates = VAULT_CERTIFICATES) {
  const opened = await openRemoteVault({
    url,
    credentials: () => callerCredentials(name, certificates),
    log: SILENT,
  });
  t.after(() => opened.vault.close());
  return opened;
}

/** A caller that speaks what it likes, once it has shown its certificate. */
class RawCaller {
  readonly socket: TLSSocket;
  readonly frames: Frame[] = [];
  closed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const reader = new FrameReader(LIMITS.vaultAnswerBytesMax);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('data', (chunk: Buffer) => this.frames.push(...reader.read(chunk)));
  }

  static async connect(
    { port }: Listening,
    { name = CALLER, ...more }: ConnectionOptions & { name?: string } = {},
  ): Promise<RawCaller> {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ...(await callerCredentials(name)),
      ALPNProtocols: [VAULT_PROTOCOL],
      ...more,
    });
    return new RawCaller(socket);
  }

  async welcomed(): Promise<this> {
    await until(() => this.frames.length > 0 || this.closed);
    assert.equal(this.frames[0]?.kind, VAULT_ANSWERS.welcome, String(this.frames[0]?.body));
    return this;
  }

  /** What it was told before it was cut off. */
  async refusal(): Promise<string> {
    await until(() => this.closed);
    assert.equal(this.frames.length, 1);
    assert.equal(this.frames[0]?.kind, VAULT_ANSWERS.refused);
    return String(this.frames[0]?.body);
  }
}

const ASK_VERSION = encodeFrame(7, VAULT_CALLS.activeKeyVersion.kind, Buffer.alloc(0));

async function reasonOfOpening(listening: Listening, name: string, certificates?: string): Promise<string> {
  try {
    await openClient({ after() {} }, listening, name, certificates);
  } catch (error) {
    assert.ok(error instanceof StartRefused, String(error));
    return error.message;
  }
  return assert.fail('it was let in');
}

test('a caller that is not named, or cannot prove its name, gets the reason, is logged, and gets no answer', async (t) => {
  const listening = await listen(t);
  const expired = join(folder.folder, 'expired');
  const strangers = join(folder.folder, 'strangers');
  const made = { hosts: ['127.0.0.1'], callers: [MANAGER], days: 1, renew: false };
  await makeVaultCertificates({ ...made, folder: strangers });
  await makeVaultCertificates({ ...made, folder: expired });
  // Under the authority that is believed, but of last week.
  for (const kind of ['cert', 'key'] as const) {
    await copyFile(pathsOf(VAULT_CERTIFICATES, 'ca')[kind], pathsOf(expired, 'ca')[kind]);
  }
  await makeVaultCertificates({
    ...made,
    folder: expired,
    renew: true,
    now: new Date(Date.now() - 7 * DAY_MS),
  });

  assert.match(
    await reasonOfOpening(listening, STRANGER),
    /refused this server: .*no name of vault_callers.*stranger/,
  );
  assert.match(
    await reasonOfOpening(listening, MANAGER, expired),
    /refused this server: its certificate ended on/,
  );
  assert.match(
    await reasonOfOpening(listening, MANAGER, strangers),
    /not of the authorities in vault_tls_ca_file/,
  );
  // The vault's own certificate is for servers.
  assert.match(await reasonOfOpening(listening, 'vault'), /its certificate is not for clients/);

  const anonymous = await RawCaller.connect(listening, { cert: '', key: '' });
  anonymous.socket.write(ASK_VERSION);
  assert.match(await anonymous.refusal(), /showed no client certificate/);
  const silent = await RawCaller.connect(listening, { ALPNProtocols: [] });
  assert.match(await silent.refusal(), /does not speak/);
  const other = await RawCaller.connect(listening, { ALPNProtocols: ['h2'] });
  await until(() => other.closed);
  assert.equal(other.frames.length, 0);
  const old = await RawCaller.connect(listening, { maxVersion: 'TLSv1.2' });
  await until(() => old.closed);
  assert.equal(old.frames.length, 0);

  const reasons = listening.logged.map(({ reason }) => reason).join('\n');
  for (const part of [
    /no name of vault_callers/,
    /ended on/,
    /not of the authorities/,
    /not for clients/,
    /no client/,
    /no TLS handshake/,
  ]) {
    assert.match(reasons, part);
  }
  const { vault: client } = await openClient(t, listening);
  assert.equal(await client.activeKeyVersion(), await vault.activeKeyVersion());
});

test('the vault must prove its identity: by authority and by name', async (t) => {
  const listening = await listen(t);
  const other = join(folder.folder, 'other-authority');
  await makeVaultCertificates({
    folder: other,
    hosts: ['elsewhere.test'],
    callers: [MANAGER],
    days: 1,
    renew: false,
  });
  const { cert, key } = await callerCredentials();
  const ca = await readFile(pathsOf(other, 'ca').cert, 'utf8');
  await assert.rejects(
    openRemoteVault({ url: listening.url, credentials: async () => ({ ca, cert, key }), log: SILENT }),
    /its certificate is not of the authorities in vault_ca_file/,
  );
  const mine = await callerCredentials();
  await assert.rejects(
    openRemoteVault({
      url: `https://127.0.0.2:${listening.port}`,
      credentials: async () => mine,
      log: SILENT,
    }),
    VaultUnavailable,
  );
  const elsewhere = await startVaultListener({
    host: '127.0.0.1',
    port: 0,
    callers: [MANAGER],
    keyManagers: [],
    credentials: async () => ({
      ca,
      cert: await readFile(pathsOf(other, 'vault').cert, 'utf8'),
      key: await readFile(pathsOf(other, 'vault').key, 'utf8'),
    }),
    vault,
    clock: { now: Date.now },
    logger: { info() {}, warn() {}, error() {} },
  });
  t.after(() => elsewhere.stop(0));
  await assert.rejects(
    openRemoteVault({
      url: `https://127.0.0.1:${elsewhere.address().port}`,
      credentials: async () => ({ ...mine, ca }),
      log: SILENT,
    }),
    /its certificate is for another host/,
  );
});

test('a caller without the right can use keys, not make, rewrap or destroy them', async (t) => {
  const listening = await listen(t);
  const { vault: client } = await openClient(t, listening, CALLER);
  const version = await vault.activeKeyVersion();
  const [wrapped = ''] = await client.wrap([{ owner: 'mac/1', key: Buffer.alloc(32, 1) }]);
  for (const attempt of [
    () => client.createKeyVersion(),
    () => client.destroyKeyVersionsBelow(version),
    () => client.rewrap([{ owner: 'mac/1', wrapped }]),
  ]) {
    await assert.rejects(attempt, (error: Error) => {
      assert.ok(error instanceof VaultUnavailable);
      assert.match(error.message, /forbids .*api-2 is not in vault_key_managers/);
      return true;
    });
  }
  assert.equal(await vault.activeKeyVersion(), version);
  assert.equal((await client.sign([Buffer.from('m')])).length, 1);
  assert.ok(
    listening.logged.some(({ caller, reason }) => caller === CALLER && /createKeyVersion/.test(reason ?? '')),
  );
  assert.doesNotMatch(JSON.stringify(listening.logged), new RegExp(wrapped));
});

test('garbage, before the handshake and after it, ends that connection alone', async (t) => {
  const listening = await listen(t, { limits: { vaultHandshakeTimeMs: 300 } });
  const { vault: client } = await openClient(t, listening);
  const plain = connectPlain(listening.port, '127.0.0.1').on('error', () => {});
  plain.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  const quiet = connectPlain(listening.port, '127.0.0.1').on('error', () => {});
  for (const socket of [plain, quiet]) {
    socket.resume();
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  }

  const empty = Buffer.alloc(0);
  const mac = VAULT_CALLS.computeMacs.kind;
  const hostile: readonly Buffer[] = [
    Buffer.from('GET / HTTP/1.1\r\nhost: vault\r\n\r\n'),
    Buffer.alloc(4),
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]),
    encodeFrame(1, 0, empty),
    encodeFrame(1, 255, empty),
    encodeFrame(1, VAULT_CALLS.activeKeyVersion.kind, Buffer.from('x')),
    encodeFrame(1, mac, empty),
    // More items than bytes, strings longer than the frame, an algorithm that there is not.
    encodeFrame(1, mac, Buffer.from('ffffffff', 'hex')),
    encodeFrame(1, mac, Buffer.from('0000000100000fff', 'hex')),
    encodeFrame(1, mac, Buffer.from('00000001000000016100000001620900000000', 'hex')),
    encodeFrame(
      1,
      VAULT_CALLS.sign.kind,
      Buffer.concat([Buffer.from('00000101', 'hex'), Buffer.alloc(4 * 257)]),
    ),
  ];
  for (const bytes of hostile) {
    const caller = await (await RawCaller.connect(listening)).welcomed();
    caller.socket.write(bytes);
    await until(() => caller.closed);
    assert.equal(caller.frames.length, 2, bytes.toString('hex', 0, 32));
    assert.equal(caller.frames[1]?.kind, VAULT_ANSWERS.malformed);
  }
  assert.equal(await client.activeKeyVersion(), await vault.activeKeyVersion());
});

test('a frame that is too large is refused by its length, and not sent by the client', async (t) => {
  const listening = await listen(t);
  const caller = await (await RawCaller.connect(listening)).welcomed();
  const head = Buffer.alloc(9);
  head.writeUInt32BE(LIMITS.vaultRequestBytesMax + 1, 0);
  caller.socket.write(head);
  await until(() => caller.closed);
  assert.match(String(caller.frames[1]?.body), /a frame of 262145 bytes/);
  const { vault: client } = await openClient(t, listening);
  await assert.rejects(client.sign([Buffer.alloc(LIMITS.vaultRequestBytesMax)]), RangeError);
  const large = Buffer.alloc(LIMITS.vaultRequestBytesMax - 100);
  assert.equal((await client.sign([large, Buffer.alloc(1)])).length, 2);
});

test('slow callers: an unfinished frame, and answers that are not read, have their time', async (t) => {
  const listening = await listen(t, {
    limits: { vaultFrameTimeMs: 300, slowReaderTimeMs: 300, vaultUnreadBytesMax: 65_536 },
  });
  const dribbling = await (await RawCaller.connect(listening)).welcomed();
  const dribble = setInterval(() => dribbling.socket.write(Buffer.alloc(1)), 50);
  dribbling.socket.write(Buffer.from([0, 0, 1, 0]));
  await until(() => dribbling.closed);
  clearInterval(dribble);
  assert.ok(listening.logged.some(({ reason }) => /did not finish a frame/.test(reason ?? '')));

  const deaf = await (await RawCaller.connect(listening)).welcomed();
  deaf.socket.pause();
  // Two dozen times as much comes back as is asked: more than the kernel holds for a reader who does not come.
  const ask = encodeFrame(1, VAULT_CALLS.publicKeys.kind, Buffer.alloc(0));
  deaf.socket.write(Buffer.concat(Array.from({ length: 100_000 }, () => ask)));
  await until(() => listening.logged.some(({ reason }) => /did not read its answers/.test(reason ?? '')));
  // One that is idle between frames is no slow one.
  const idle = await (await RawCaller.connect(listening)).welcomed();
  await delay(800);
  idle.socket.write(ASK_VERSION);
  await until(() => idle.frames.length === 2);
  assert.equal(idle.frames[1]?.kind, VAULT_ANSWERS.done);
});

test('answers that callers leave unread are bounded over all connections: the one with the most is closed', async (t) => {
  const listening = await listen(t, { limits: { slowReaderTimeMs: 60_000, vaultHeldBytesMax: 131_072 } });
  const deaf = await (await RawCaller.connect(listening)).welcomed();
  deaf.socket.pause();
  const ask = encodeFrame(1, VAULT_CALLS.publicKeys.kind, Buffer.alloc(0));
  deaf.socket.write(Buffer.concat(Array.from({ length: 100_000 }, () => ask)));
  await until(() => listening.logged.some(({ reason }) => /left more unread/.test(reason ?? '')));
  const other = await (await RawCaller.connect(listening)).welcomed();
  other.socket.write(ASK_VERSION);
  await until(() => other.frames.length === 2);
});

/** The same vault, whose MACs wait for `release`. */
function stalled(): { readonly keys: KeyVault; readonly release: () => void; readonly most: () => number } {
  const gate = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const keys = new Proxy(vault, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== 'activeKeyVersion') return value.bind(target);
      return async () => {
        most = Math.max(most, ++running);
        await gate.promise;
        running--;
        return 1;
      };
    },
  });
  return { keys, release: () => gate.resolve(), most: () => most };
}

test('back-pressure: a bounded number of calls per connection run at a time, however many it sends', async (t) => {
  const { keys, release, most } = stalled();
  const listening = await listen(t, { keys, limits: { vaultCallsPerConnectionMax: 8 } });
  const caller = await (await RawCaller.connect(listening)).welcomed();
  const calls = 20_000;
  caller.socket.write(Buffer.concat(Array.from({ length: calls }, () => ASK_VERSION)));
  await until(() => most() === 8);
  await delay(100);
  assert.equal(most(), 8);
  release();
  await until(() => caller.frames.length === calls + 1);
  assert.equal(most(), 8);
});

test('a caller that makes as many calls as it may delays another one’s by those under way and one more', async (t) => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const keys = new Proxy(vault, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        begun.push(String(name));
        if (name === 'activeKeyVersion') await gate.promise;
        return Reflect.apply(value, target, given);
      };
    },
  });
  const listening = await listen(t, { keys, limits: { vaultItemsUnderWayMax: 8 } });
  begun.splice(0);
  const flood = Buffer.concat(Array.from({ length: 64 }, () => ASK_VERSION));
  const flooding: RawCaller[] = [];
  for (let n = 0; n < 16; n++) {
    const caller = await (await RawCaller.connect(listening)).welcomed();
    caller.socket.write(flood);
    flooding.push(caller);
  }
  const gone = await (await RawCaller.connect(listening)).welcomed();
  gone.socket.write(flood);
  const other = await (await RawCaller.connect(listening, { name: MANAGER })).welcomed();
  await until(() => begun.length === 8);
  // Asks and goes away: its turn passes.
  gone.socket.destroy();
  other.socket.write(encodeFrame(1, VAULT_CALLS.publicKeys.kind, Buffer.alloc(0)));
  await delay(100);
  assert.equal(begun.length, 8);
  gate.resolve();
  await until(() => flooding.every(({ frames }) => frames.length === 65) && other.frames.length === 2);
  assert.ok(begun.indexOf('publicKeys') <= 9, `${begun.indexOf('publicKeys')} before`);
});

test('connections are bounded: per caller, in all, and before the caller is identified', async (t) => {
  const listening = await listen(t, {
    limits: { vaultConnectionsPerCallerMax: 2, vaultHandshakesMax: 4, vaultHandshakeTimeMs: 400 },
  });
  const first = await (await RawCaller.connect(listening)).welcomed();
  await (await RawCaller.connect(listening)).welcomed();
  assert.match(await (await RawCaller.connect(listening)).refusal(), /api-2 has 2 connections, its most/);
  await (await RawCaller.connect(listening, { name: MANAGER })).welcomed();
  assert.equal(listening.listener.connections, 3);

  const quiet = Array.from({ length: 40 }, () =>
    connectPlain(listening.port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  );
  await Promise.all(
    quiet.map((socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve))),
  );
  assert.ok(listening.logged.some(({ reason }) => /more handshakes/.test(reason ?? '')));
  first.socket.destroy();
  const again = await RawCaller.connect(listening);
  await again.welcomed();
});

test('a caller refused repeatedly causes one log line a minute', async (t) => {
  const listening = await listen(t);
  for (let n = 0; n < 20; n++) await (await RawCaller.connect(listening, { name: STRANGER })).refusal();
  assert.equal(listening.logged.length, 1);
});

test('a certificate that ends while its caller is connected ends the connection', async (t) => {
  const listening = await listen(t);
  const caller = await (await RawCaller.connect(listening)).welcomed();
  listening.clock.offsetMs = 2 * DAY_MS;
  await until(() => caller.closed);
  assert.match(String(caller.frames[1]?.body), /its certificate ended on/);
});

test('certificates are read again: by the listener and, without a failed call, by its callers', async (t) => {
  const listening = await listen(t);
  let name = MANAGER;
  const { vault: client, reload } = await openRemoteVault({
    url: listening.url,
    credentials: () => callerCredentials(name),
    log: SILENT,
  });
  t.after(() => client.close());
  let calling = true;
  const calls = (async () => {
    let count = 0;
    for (; calling; count++) await client.deriveKey('session', 'x');
    return count;
  })();
  name = CALLER;
  assert.equal(await reload(), true);
  await assert.rejects(client.createKeyVersion(), /api-2 is not in vault_key_managers/);
  // Who would not be let in any more is kept as they were.
  name = STRANGER;
  assert.equal(await reload(), false);
  assert.equal(await listening.listener.reloadTls(), true);
  name = MANAGER;
  assert.equal(await reload(), true);
  calling = false;
  assert.ok((await calls) > 0);
});

test('stopped, the listener answers what it was asked', async (t) => {
  const { keys, release, most } = stalled();
  const listening = await listen(t, { keys });
  const { vault: client } = await openClient(t, listening);
  const asked = client.activeKeyVersion();
  await until(() => most() === 1);
  const stopped = listening.listener.stop(5_000);
  await delay(50);
  release();
  assert.equal(await asked, 1);
  await stopped;
  await assert.rejects(client.activeKeyVersion(), VaultUnavailable);
});

test('strangers who leave handshakes unfinished do not keep a caller out', async (t) => {
  const listening = await listen(t, {
    limits: { vaultHandshakesMax: 20, vaultKnownHandshakesMax: 4, vaultHandshakeTimeMs: 60_000 },
  });
  const silentFrom = async (address: string) => {
    const socket = connectPlain({ port: listening.port, host: '127.0.0.1', localAddress: address });
    t.after(() => socket.destroy());
    socket.on('error', () => undefined).resume();
    await new Promise((resolve) => socket.once('connect', resolve));
  };
  // First two addresses, then as many as there are places.
  for (let n = 0; n < 60; n++) await silentFrom(`127.0.0.${2 + (n % 2)}`);
  await (await RawCaller.connect(listening)).welcomed();
  for (let n = 0; n < 60; n++) await silentFrom(`127.0.0.${2 + n}`);
  await (await RawCaller.connect(listening)).welcomed();
});
