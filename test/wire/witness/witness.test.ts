/*
 * Goal: a witness signs a log's checkpoints only along one history, whatever is sent and whenever it is restarted; a log has
 * its checkpoints cosigned by several, of which those that are slow, lie or saw another tree hold nobody up.
 * Method: our own witness over HTTP, on a folder; logs of random entries with the reference tree; HTTP servers that lie.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sendToWitness } from '../../../src/adapters/witness-http/send-to-witness.ts';
import { WitnessClient } from '../../../src/application/witness/witness-client.ts';
import { Witnesses } from '../../../src/application/witness/witnesses.ts';
import { startWitness, witnessKeyText } from '../../../src/compose.ts';
import { formatAddCheckpoint } from '../../../src/domain/log/add-checkpoint.ts';
import {
  formatNote,
  type NoteSignature,
  parseNote,
  signatureLine,
} from '../../../src/domain/log/signed-note.ts';
import { readVerifierKey, verifyNote } from '../../../src/domain/log/verify-note.ts';
import { referenceConsistency } from '../../domain/log/reference-tree.ts';
import { type LogKey, logKey } from '../../operator/export-fixture.ts';
import { temporaryFolder } from '../../services/application.ts';
import { until } from '../../waiting.ts';
import { noteOf as noteOfLog, offered as offeredBy } from './witnessed-log.ts';

const ORIGIN = 'sello.example';
const KEY = logKey(ORIGIN);
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const ENTRIES = Array.from({ length: 40 }, () => randomBytes(32));
const FORKED = [...ENTRIES.slice(0, 10), ...Array.from({ length: 30 }, () => randomBytes(32))];

const LOG = { origin: ORIGIN, key: KEY };

function noteOf(entries: readonly Uint8Array[], size: number, origin = ORIGIN, key: LogKey = KEY): string {
  return noteOfLog({ origin, key }, entries, size);
}

const offered = (entries: readonly Uint8Array[], size: number) => offeredBy(LOG, entries, size);

function addCheckpoint(entries: readonly Uint8Array[], old: number, size: number): string {
  const proof = old === 0 ? [] : referenceConsistency(old, entries.slice(0, size));
  return formatAddCheckpoint({ old, proof, checkpoint: noteOf(entries, size) });
}

async function witness(t: TestContext, folder?: string) {
  const own = folder ?? (await temporaryFolder(t));
  if (!folder) await witnessKeyText(own, `witness.example/${own.slice(-4)}`);
  const log = readVerifierKey(KEY.vkey) ?? assert.fail();
  const server = await startWitness({ folder: own, logs: [log], host: '127.0.0.1', port: 0, logger: SILENT });
  t.after(() => server.stop());
  const url = `http://127.0.0.1:${server.address().port}`;
  const key = readVerifierKey(server.vkey) ?? assert.fail();
  return { ...server, folder: own, url, key, send: sendToWitness(url) };
}

function cosigned(note: string, line: string): string {
  return note + line;
}

test('a witness signs along one history, remembers it over restarts, and answers what the form says', async (t) => {
  const one = await witness(t);
  const first = await one.send(addCheckpoint(ENTRIES, 0, 12));
  assert.equal(first.status, 200, first.body);
  const note = parseNote(cosigned(noteOf(ENTRIES, 12), first.body)) ?? assert.fail();
  assert.equal(verifyNote(note, one.key), 'valid');
  assert.equal((await one.send(addCheckpoint(ENTRIES, 12, 12))).status, 200, 'the same again');
  const size = await one.send(addCheckpoint(ENTRIES, 5, 20));
  assert.deepEqual([size.status, size.body], [409, '12\n']);
  assert.equal(
    (await one.send(addCheckpoint(FORKED, 12, 12))).status,
    409,
    'another tree of the size that was seen',
  );
  assert.equal((await one.send(addCheckpoint(FORKED, 12, 20))).status, 422);
  const unproven = formatAddCheckpoint({ old: 12, proof: [], checkpoint: noteOf(ENTRIES, 20) });
  assert.equal((await one.send(unproven)).status, 422);
  await one.stop();
  const again = await witness(t, one.folder);
  assert.deepEqual((await again.send(addCheckpoint(FORKED, 0, 20))).body, '12\n');
  assert.equal((await again.send(addCheckpoint(ENTRIES, 12, 40))).status, 200);
});

test('of two forks sent at once one is signed', async (t) => {
  const one = await witness(t);
  for (let round = 0; round < 8; round++) {
    const [size, next] = [10 + round, 11 + round];
    if (round === 0) assert.equal((await one.send(addCheckpoint(ENTRIES, 0, 10))).status, 200);
    const bodies = [addCheckpoint(ENTRIES, size, next), addCheckpoint(ENTRIES, size, next + 5)];
    const statuses = (await Promise.all(bodies.map((body) => one.send(body))))
      .map(({ status }) => status)
      .sort();
    assert.deepEqual(statuses, [200, 409]);
    const seen = Number((await one.send(addCheckpoint(ENTRIES, 1, 40))).body);
    if (seen > next) return;
  }
});

test('unknown logs, other keys, malformed and endless bodies are refused, each by its status', async (t) => {
  const one = await witness(t);
  const status = async (body: string) => (await one.send(body)).status;
  const of = (checkpoint: string, old = 0) => formatAddCheckpoint({ old, proof: [], checkpoint });
  assert.equal(await status(of(noteOf(ENTRIES, 3, 'other.example', logKey('other.example')))), 404);
  assert.equal(await status(of(noteOf(ENTRIES, 3, ORIGIN, logKey(ORIGIN)))), 403);
  assert.equal(await status(of(noteOf(ENTRIES, 3), 4)), 400);
  for (const body of [
    '',
    'x',
    'old -1\n\n',
    'old 0\n\nx',
    `old 0\nAAAA\n\n${noteOf(ENTRIES, 3)}`,
    'old 0'.repeat(20_000),
  ]) {
    assert.equal(await status(body), 400, body.slice(0, 30));
  }
  assert.equal((await fetch(`${one.url}/add-checkpoint`)).status, 405);
  assert.equal((await fetch(`${one.url}/`)).status, 404);
});

test('a damaged memory stops the start: signing on would allow a fork', async (t) => {
  const one = await witness(t);
  await one.send(addCheckpoint(ENTRIES, 0, 12));
  await one.stop();
  const seen = (await readdir(one.folder)).find((name) => name.endsWith('.seen')) ?? assert.fail();
  await writeFile(join(one.folder, seen), 'x');
  await assert.rejects(witness(t, one.folder), /is damaged: restore it/);
});

test('two witnesses cosign each checkpoint; one that saw a fork, one that lies and one that is silent hold nobody up', async (t) => {
  const [one, other, deceived] = [await witness(t), await witness(t), await witness(t)];
  assert.equal((await deceived.send(addCheckpoint(FORKED, 0, 20))).status, 200);
  const liar = await httpServer(t, (respond) =>
    respond(200, signatureLine({ name: 'liar', keyId: 1, signature: new Uint8Array(72) })),
  );
  const silent = await httpServer(t, () => undefined);
  const kept: [number, NoteSignature][] = [];
  const observed: string[] = [];
  const clients = [one, other, deceived].map(({ send, key }) => ({
    name: key.name,
    client: new WitnessClient(send, key),
  }));
  const witnesses = new Witnesses({
    witnesses: [
      ...clients,
      { name: 'liar', client: new WitnessClient(sendToWitness(liar), one.key) },
      { name: 'silent', client: new WitnessClient(sendToWitness(silent, 200), one.key) },
    ],
    keep: async (size, signature) => void kept.push([size, signature]),
    observe: (name, reason) => observed.push(`${name}: ${reason}`),
    retryMs: 20,
  });
  t.after(() => witnesses.stop());
  witnesses.offer(offered(ENTRIES, 12));
  await until(() => witnesses.states.slice(0, 2).every(({ signedSize }) => signedSize === 12));
  witnesses.offer(offered(ENTRIES, 20));
  await until(() => witnesses.states.slice(0, 2).every(({ signedSize }) => signedSize === 20));
  await until(() => witnesses.states.slice(2).every(({ status }) => status === 'failing'));
  const signatures = kept.filter(([size]) => size === 20).map(([, signature]) => signature);
  const note = parseNote(noteOf(ENTRIES, 20)) ?? assert.fail();
  const whole =
    parseNote(formatNote({ text: note.text, signatures: [...note.signatures, ...signatures] })) ??
    assert.fail();
  assert.deepEqual([verifyNote(whole, one.key), verifyNote(whole, other.key)], ['valid', 'valid']);
  await until(() => observed.some((line) => /silent: .*(timeout|aborted)/i.test(line)));
  assert.ok(observed.some((line) => line.startsWith('liar: its answer holds no cosignature of its key')));
  assert.ok(
    observed.some((line) => /one of the two logs is a fork|does not show that the log continues/.test(line)),
    observed.join(),
  );
});

test('a cosignature of the right key over other bytes is found out', async (t) => {
  const one = await witness(t);
  const taken = await one.send(addCheckpoint(ENTRIES, 0, 3));
  const liar = await httpServer(t, (respond) => respond(200, taken.body));
  const result = await new WitnessClient(sendToWitness(liar), one.key).cosign(offered(ENTRIES, 12));
  assert.deepEqual(result, { outcome: 'failed', reason: 'its cosignature is wrong' });
});

/** Answers each request by `handle`. @returns its URL */
async function httpServer(
  t: TestContext,
  handle: (respond: (status: number, body: string) => void) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    handle((status, body) => response.writeHead(status).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
