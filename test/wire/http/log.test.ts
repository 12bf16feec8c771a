/*
 * Goal: what the log serves verifies without this server, and nothing else is served.
 * Method: the real HTTP server; whatever it answers is verified by the domain's functions from the public key on.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { parseCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { nativeTreeHasher as hasher } from '../../../src/domain/log/native-tree-hasher.ts';
import { parseProofFile } from '../../../src/domain/log/proof-file.ts';
import { verifyInclusion } from '../../../src/domain/log/proofs.ts';
import { parseNote } from '../../../src/domain/log/signed-note.ts';
import { treeRoot } from '../../../src/domain/log/tree-roots.ts';
import { readVerifierKey, verifyNote } from '../../../src/domain/log/verify-note.ts';
import { LIMITS } from '../../../src/limits.ts';
import { sealerOn } from '../../application/log/log-fixture.ts';
import { registered } from '../../contract/chain.ts';
import { type HttpFixture, testHttp } from './http-fixture.ts';

/** The fixture, with a sealer that is turned by hand. */
async function testLog(t: TestContext, flags: Record<string, string> = {}) {
  const fixture = await testHttp(t, { flags });
  const { store, context } = fixture.application;
  const { sealer } = sealerOn(store, context.vault, { key: context.logKey });
  return { fixture, seal: () => sealer.seal() };
}

/** Verifies a proof for this entry, by nothing but the log's key. @returns the checkpoint's size */
async function verifyProof(fixture: HttpFixture, text: string, index: number, hash: string): Promise<number> {
  const key = readVerifierKey((await fixture.get('/log/vkey')).text.trimEnd());
  const proof = parseProofFile(text);
  const note = proof && parseNote(proof.checkpoint);
  const checkpoint = note && parseCheckpoint(note.text);
  assert.ok(key && proof && note && checkpoint, text);
  assert.equal(verifyNote(note, key), 'valid');
  assert.deepEqual([proof.index, checkpoint.origin], [index, key.name]);
  const leaf = hasher.leaf(Buffer.from(hash, 'hex'));
  const { size, root } = checkpoint;
  assert.ok(verifyInclusion(hasher, { index, size, leaf, proof: proof.hashes, root }));
  return size;
}

async function bytesOf(fixture: HttpFixture, path: string): Promise<{ bytes: Buffer; headers: Headers }> {
  const answer = await fetch(fixture.base + path);
  assert.equal(answer.status, 200, path);
  return { bytes: Buffer.from(await answer.arrayBuffer()), headers: answer.headers };
}

test('before anything is sealed there is a key and no checkpoint, and a proof is to be asked for later', async (t) => {
  const { fixture, seal } = await testLog(t);
  assert.ok(readVerifierKey((await fixture.get('/log/vkey')).text.trimEnd()));
  for (const path of ['/log/checkpoint', '/v1/journal/0/proof']) {
    const { status, json, headers } = await fixture.get(path);
    assert.deepEqual([status, json.code, headers.get('retry-after')], [404, 'not_sealed_yet', '1']);
  }
  await seal();
  const { text, headers } = await fixture.get('/log/checkpoint');
  assert.match(text, /^localhost\n0\n47DEQpj8HBSa\+\/TImW\+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— localhost \S+\n$/);
  assert.equal(headers.get('cache-control'), 'public, max-age=1');
  assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8');
});

test('tiles and bundles are what the checkpoint signs, and a reader of an older checkpoint finds its partial tiles', async (t) => {
  const { fixture, seal } = await testLog(t);
  const { store } = fixture.application;
  const chains = await registered(store, 300);
  await seal();
  const older = (await bytesOf(fixture, '/log/tile/0/001.p/44')).bytes;
  await store.append(chains.map((chain) => chain.next()));
  await seal();
  const checkpoint = parseCheckpoint(parseNote((await fixture.get('/log/checkpoint')).text)?.text ?? '');
  const entries = (await store.log.readSealed({ from: 0, limit: 1_000 })).map(({ hash }) =>
    Buffer.from(hash, 'hex'),
  );
  assert.equal(entries.length, checkpoint?.size);
  assert.deepEqual(Buffer.from(checkpoint?.root ?? []), Buffer.from(treeRoot(hasher, entries)));
  const leaves = (from: number, to: number) =>
    Buffer.concat(entries.slice(from, to).map((entry) => hasher.leaf(entry)));
  const full = await bytesOf(fixture, '/log/tile/0/000');
  assert.deepEqual(full.bytes, leaves(0, 256));
  assert.equal(full.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(full.headers.get('content-type'), 'application/octet-stream');
  assert.deepEqual((await bytesOf(fixture, '/log/tile/0/001.p/44')).bytes, older);
  assert.deepEqual(older, leaves(256, 300));
  const width = entries.length % 256;
  assert.deepEqual((await bytesOf(fixture, `/log/tile/0/002.p/${width}`)).bytes, leaves(512, entries.length));
  const bundle = (await bytesOf(fixture, `/log/tile/entries/002.p/${width}`)).bytes;
  const framed = entries.slice(512).map((entry) => Buffer.concat([Buffer.from([0, 32]), entry]));
  assert.deepEqual(bundle, Buffer.concat(framed));
  const level1 = (await bytesOf(fixture, '/log/tile/1/000.p/2')).bytes;
  assert.deepEqual(level1.subarray(0, 32), Buffer.from(treeRoot(hasher, entries.slice(0, 256))));
});

test('what is no tile of this log is not there', async (t) => {
  const { fixture, seal } = await testLog(t);
  await registered(fixture.application.store, 300);
  await seal();
  for (const path of [
    '0/002',
    '0/001',
    '0/001.p/200',
    '1/000',
    '2/000.p/1',
    '63/000',
    '64/000',
    '0/0',
    '0/x000/000',
    'entries/001',
    '0/000/',
    '0/000.p/256',
    '..%2f..%2fhealthz',
    '0/%30%30%30',
    'x',
    '0/x999/x999/x999/x999/999',
  ]) {
    const answer = await fetch(`${fixture.base}/log/tile/${path}`);
    assert.equal(answer.status, 404, path);
    assert.equal(((await answer.json()) as { code: string }).code, 'resource_unknown');
  }
  const post = await fetch(`${fixture.base}/log/tile/0/000`, { method: 'POST' });
  assert.equal(post.status, 405);
  const invalid = await fixture.get('/v1/journal/007/proof');
  assert.equal(invalid.status, 400);
});

test('the receipt of a transaction has its proof, for its user, its service, and whoever has its id', async (t) => {
  const { fixture, seal } = await testLog(t);
  const alice = await fixture.user('alice');
  const key = await fixture.service('shop', 'transactions:write', 'transactions:read');
  const ocra = await alice.enrol('ocra');
  const small = { payer: 'ES79-1', payee: 'DE89-2', amount: '10.00', currency: 'EUR' };
  const made = await alice.post('/v1/transactions', await alice.proven(small));
  assert.equal(made.json.status, 'approved', made.text);
  const asked = await fixture.post('/v1/transactions', key, {
    ...small,
    amount: '900.00',
    username: 'alice',
  });
  const pending = asked.json;
  const pathOf = (id: string) => `/v1/receipts/${id}/proof`;
  const early = await fixture.get(pathOf(made.json.id), alice.token);
  assert.deepEqual([early.status, early.json.code], [404, 'not_sealed_yet']);
  assert.equal((await fixture.get(pathOf(made.json.id))).json.code, 'not_sealed_yet');
  await seal();
  assert.equal((await fixture.get(pathOf(pending.id), key)).json.code, 'receipt_unavailable');
  const approved = await alice.post(`/v1/transactions/${pending.id}/approval`, {
    code: ocra.codeOver(pending),
  });
  assert.equal(approved.json.status, 'approved', approved.text);
  await seal();

  const { log } = fixture.application.store;
  const sealed = await log.readSealed({ from: 0, limit: 100 });
  for (const id of [made.json.id, pending.id]) {
    const entry = sealed.find(({ type, body }) => type === 'transaction.approved' && body.includes(id));
    assert.ok(entry);
    for (const token of [alice.token, undefined, ...(id === pending.id ? [key] : [])]) {
      const { status, text } = await fixture.get(pathOf(id), token);
      assert.equal(status, 200, text);
      assert.equal(await verifyProof(fixture, text, entry.index, entry.hash), sealed.length);
    }
    // The receipt that it proves states the same hash.
    const { receipt } = (await alice.get(`/v1/receipts/${id}`)).json;
    assert.ok(Buffer.from(receipt.split('.')[1], 'base64url').toString().includes(entry.hash));
    const byIndex = await fixture.get(`/v1/journal/${entry.index}/proof`);
    await verifyProof(fixture, byIndex.text, entry.index, entry.hash);
  }
  for (const id of ['01890000-0000-7000-8000-000000000000', '00000000-0000-4000-8000-000000000000'])
    assert.equal((await fixture.get(pathOf(id))).json.code, 'transaction_unknown');
});

test('where the log is not public, only administrators and auditors read it', async (t) => {
  const { fixture, seal } = await testLog(t, { '--log-public': 'false' });
  const user = await fixture.user('alice');
  const auditor = await fixture.withRole('audra', 'auditor');
  await seal();
  for (const path of ['/log/vkey', '/log/checkpoint', '/v1/journal/0/proof']) {
    assert.equal((await fixture.get(path)).json.code, 'resource_unknown');
    assert.equal((await user.get(path)).json.code, 'resource_unknown');
    const allowed = await auditor.get(path);
    assert.equal(allowed.status, 200);
    assert.match(allowed.headers.get('cache-control') ?? '', /^private/);
  }
});

test('the metrics tell how long the log is', async (t) => {
  const { fixture } = await testLog(t);
  const { text } = await fixture.get('/metrics');
  for (const name of [
    ...['sello_log_size', 'sello_log_sealing', 'sello_log_failing'],
    ...['sello_retention_archived_entries', 'sello_retention_erasures'],
  ])
    assert.match(text, new RegExp(`^${name} 0$`, 'm'));
});

test('an address reads the log at a bounded pace', async (t) => {
  const { fixture, seal } = await testLog(t);
  await seal();
  const limit = { countMax: LIMITS.logReadsMax, windowMs: LIMITS.logReadsWindowMs };
  await fixture.application.context.rateLimiter.take('log/127.0.0.1', limit, LIMITS.logReadsMax - 1);
  assert.equal((await fixture.get('/log/vkey')).status, 200);
  const { status, json, headers } = await fixture.get('/log/checkpoint');
  assert.deepEqual([status, json.code], [429, 'rate_limited']);
  assert.ok(Number(headers.get('retry-after')) > 0);
});
