// A store, a vault and the sealers on them, with a check of everything that they sealed.
import assert from 'node:assert/strict';
import { HashingThread } from '../../../src/adapters/log-hashing/hashing-thread.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { LogKey } from '../../../src/application/log/log-key.ts';
import { Sealer, type SealerParts } from '../../../src/application/log/sealer.ts';
import { TileReader } from '../../../src/application/log/tile-reader.ts';
import { parseCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { nativeTreeHasher } from '../../../src/domain/log/native-tree-hasher.ts';
import { type ConsistencyProof, verifyConsistency } from '../../../src/domain/log/proofs.ts';
import { parseNote } from '../../../src/domain/log/signed-note.ts';
import { sameHash } from '../../../src/domain/log/tree-hasher.ts';
import { consistencyRanges } from '../../../src/domain/log/tree-ranges.ts';
import { treeRoot } from '../../../src/domain/log/tree-roots.ts';
import { verifyNote } from '../../../src/domain/log/verify-note.ts';
import type { KeyVault } from '../../../src/ports/key-vault.ts';
import type { StoredCheckpoint } from '../../../src/ports/log-store.ts';
import type { Store } from '../../../src/ports/store.ts';
import { createVaultFixture } from '../../contract/vault-fixture.ts';

export async function logVault(t: { after(close: () => Promise<void>): void }): Promise<KeyVault> {
  const fixture = await createVaultFixture();
  t.after(() => fixture.remove());
  return fixture.vault;
}

/** A sealer that is turned by hand. What it stores is kept in `sealed`. */
export function sealerOn(
  store: Pick<Store, 'leases' | 'log'>,
  vault: KeyVault,
  more: Partial<SealerParts> & { readonly origin?: string } = {},
): { readonly sealer: Sealer; readonly sealed: StoredCheckpoint[]; readonly errors: unknown[] } {
  const sealed: StoredCheckpoint[] = [];
  const errors: unknown[] = [];
  const sealer = new Sealer({
    store,
    key: new LogKey(vault, more.origin ?? 'localhost'),
    appender: new HashingThread(),
    clock: systemClock,
    holder: 'test',
    observe: (error) => error !== undefined && errors.push(error),
    sealed: (checkpoint) => sealed.push(checkpoint),
    ...more,
  });
  return { sealer, sealed, errors };
}

/**
 * Checks the last checkpoint against every sealed entry, and each checkpoint of before against the last: one log, no fork.
 * @returns how many entries are sealed
 */
export async function checkLog(
  store: Pick<Store, 'log'>,
  vault: KeyVault,
  checkpoints: readonly StoredCheckpoint[],
): Promise<number> {
  const last = await store.log.lastCheckpoint();
  assert.ok(last);
  const entries: Uint8Array[] = [];
  for (;;) {
    const page = await store.log.readSealed({ from: entries.length, limit: 1_000 });
    if (page.length === 0) break;
    for (const { index, hash } of page) {
      assert.equal(index, entries.length);
      entries.push(Buffer.from(hash, 'hex'));
    }
  }
  const root = await rootOf(last, vault);
  assert.equal(last.size, entries.length);
  assert.ok(sameHash(root, treeRoot(nativeTreeHasher, entries)), 'the root is not that of the entries');
  const tiles = new TileReader(store.log, last);
  for (const checkpoint of checkpoints) {
    const olderRoot: Uint8Array = await rootOf(checkpoint, vault);
    const { size: older } = checkpoint;
    const proof = await tiles.roots(consistencyRanges(older, last.size));
    const given: ConsistencyProof = { older, size: last.size, olderRoot, root, proof };
    assert.ok(verifyConsistency(nativeTreeHasher, given), `the log was forked at ${older}`);
  }
  return entries.length;
}

async function rootOf({ note, size }: StoredCheckpoint, vault: KeyVault): Promise<Uint8Array> {
  const signed = parseNote(note);
  const checkpoint = signed && parseCheckpoint(signed.text);
  assert.ok(signed && checkpoint);
  assert.equal(checkpoint.size, size);
  assert.equal(verifyNote(signed, await new LogKey(vault, checkpoint.origin).get()), 'valid');
  return checkpoint.root;
}
