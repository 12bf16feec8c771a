/*
 * Goal: what the pages say of the log and of proofs is what the server's own code says, and every change is found.
 * Method: a log of some hundred entries, signed by Node's Ed25519, is verified by the pages' code through its tiles; then a byte
 * of each part is changed.
 */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { nativeTreeHasher } from '../../../src/domain/log/native-tree-hasher.ts';
import { formatProofFile } from '../../../src/domain/log/proof-file.ts';
import { formatNote } from '../../../src/domain/log/signed-note.ts';
import { parseTilePath } from '../../../src/domain/log/tiles.ts';
import { inclusionRanges } from '../../../src/domain/log/tree-ranges.ts';
import { treeRoot } from '../../../src/domain/log/tree-roots.ts';
import { formatVerifierKey, NOTE_KEY_TYPE, verifierKey } from '../../../src/domain/log/verifier-key.ts';
import { verifySlowly } from '../../../web/src/log/ed25519.ts';
import { verifyCheckpoint } from '../../../web/src/log/verify-checkpoint.ts';
import { type LogFetcher, verifyLog } from '../../../web/src/log/verify-log.ts';
import { verifyProof } from '../../../web/src/log/verify-proof.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const rawKey = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
const key = verifierKey(sha256, { name: 'log.example', type: NOTE_KEY_TYPE.ed25519, publicKey: rawKey });
const VKEY = formatVerifierKey(key);
const ENTRIES = Array.from({ length: 3_000 }, () => new Uint8Array(randomBytes(32)));

function checkpointOver(entries: readonly Uint8Array[], origin = 'log.example'): string {
  const text = formatCheckpoint({ origin, size: entries.length, root: treeRoot(nativeTreeHasher, entries) });
  const signature = new Uint8Array(sign(null, Buffer.from(text), privateKey));
  return formatNote({ text, signatures: [{ name: 'log.example', keyId: key.keyId, signature }] });
}

/** @param change of the bytes of a bundle */
function logOf(
  note: string,
  change: (path: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes,
): LogFetcher {
  return {
    text: async (path) => (path === 'vkey' ? `${VKEY}\n` : note),
    bytes: async (path) => {
      const tile = parseTilePath(path);
      assert.equal(tile?.level, 'entries');
      const first = (tile?.number ?? 0) * 256;
      const parts = ENTRIES.slice(first, first + (tile?.width ?? 0)).map((entry) => [0, 32, ...entry]);
      return change(path, Uint8Array.from(parts.flat()));
    },
  };
}

const quiet = { signal: new AbortController().signal, progress: () => undefined };

test('a whole log verifies with progress, and a changed entry, bundle, checkpoint or key is named', async () => {
  const note = checkpointOver(ENTRIES);
  const seen: number[] = [];
  const verdict = await verifyLog(logOf(note), { ...quiet, progress: (done) => seen.push(done) });
  assert.ok(verdict.valid);
  assert.equal(verdict.size, 3_000);
  assert.deepEqual(seen, [0, 2_048, 3_000]);
  const why = async (log: LogFetcher) => {
    const found = await verifyLog(log, quiet);
    return found.valid ? 'valid' : found.why;
  };
  const flipped = (path: string, bytes: Uint8Array) =>
    bytes.map((byte, at) => (path === 'tile/entries/003' && at === 700 ? byte ^ 1 : byte));
  assert.equal(await why(logOf(note, flipped)), 'root');
  assert.equal(await why(logOf(note, (_, bytes) => bytes.subarray(1))), 'tile');
  assert.equal(await why(logOf(note.replace('\n3000\n', '\n2999\n'))), 'signature');
  assert.equal(await why(logOf(checkpointOver(ENTRIES, 'other.example'))), 'origin');
  assert.equal(await why(logOf('nothing')), 'form');
  const unsigned = note.replace(/— log\.example \S+/, '— other.example AAAAAAAA');
  assert.equal(await why(logOf(unsigned)), 'unsigned');
  const stopped = new AbortController();
  stopped.abort();
  await assert.rejects(verifyLog(logOf(note), { ...quiet, signal: stopped.signal }), { name: 'AbortError' });
});

test('a proof is of its entry alone', async () => {
  const size = 300;
  const note = checkpointOver(ENTRIES.slice(0, size));
  const leaves = ENTRIES.slice(0, size);
  const proofOf = (index: number) => {
    const hashes = inclusionRanges(index, size).map(({ from, to }) =>
      treeRoot(nativeTreeHasher, leaves.slice(from, to)),
    );
    return formatProofFile({ index, hashes, checkpoint: note });
  };
  for (const index of [0, 17, 255, 256, 299]) {
    const hash = Buffer.from(ENTRIES[index] ?? []).toString('hex');
    const verdict = await verifyProof(hash, proofOf(index), VKEY);
    assert.deepEqual(verdict, { valid: true, index, size, origin: 'log.example', witnesses: [] });
    const other = Buffer.from(ENTRIES[index + 1] ?? []).toString('hex');
    assert.deepEqual(await verifyProof(other, proofOf(index), VKEY), { valid: false, why: 'inclusion' });
  }
  assert.deepEqual(await verifyProof('xx', proofOf(1), VKEY), { valid: false, why: 'proof_form' });
  assert.deepEqual(await verifyProof('00'.repeat(32), 'hello', VKEY), { valid: false, why: 'proof_form' });
  assert.deepEqual(await verifyCheckpoint(note, 'no key'), { valid: false, why: 'key_form' });
});

test('signatures verify without WebCrypto as with Node, and no changed one does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(63), (message, at) => {
      const signature = new Uint8Array(sign(null, message, privateKey));
      assert.ok(verifySlowly(rawKey, message, signature));
      const changed = signature.map((byte, index) => (index === at ? byte ^ 4 : byte));
      assert.ok(!verifySlowly(rawKey, message, changed));
      assert.ok(!verifySlowly(rawKey, Uint8Array.of(...message, 0), signature));
    }),
    { numRuns: 8 },
  );
});

test('the third vector of RFC 8032 section 7.1 verifies', () => {
  const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
  const signature =
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';
  const own = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
  assert.ok(verifySlowly(hex(own), hex('af82'), hex(signature)));
  assert.ok(!verifySlowly(hex(own), hex('af83'), hex(signature)));
});
