import { parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { parseNote } from '../../domain/log/signed-note.ts';
import { edgeRoot, type TreeEdge } from '../../domain/log/tree-edge.ts';
import { sameHash } from '../../domain/log/tree-hasher.ts';
import type { VerifierKey } from '../../domain/log/verifier-key.ts';
import { noteVerifierKey, verifyNote } from '../../domain/log/verify-note.ts';
import type { StoredCheckpoint } from '../../ports/log-store.ts';

/**
 * Checks that a stored checkpoint is this log's: signed by its key, and of the tree that its edge continues. Under an
 * earlier name of the log, too, for `log_origin` may have been changed since.
 * @returns the edge, or in words what is wrong
 */
export function checkOwnCheckpoint(
  { size, note, edge: packed }: StoredCheckpoint,
  key: VerifierKey,
): TreeEdge | string {
  const signed = parseNote(note);
  const checkpoint = signed && parseCheckpoint(signed.text);
  if (!signed || !checkpoint || checkpoint.size !== size) return 'the last checkpoint is damaged';
  if (verifyNote(signed, noteVerifierKey(checkpoint.origin, key.publicKey)) !== 'valid')
    return 'the last checkpoint was signed by another key than the vault has for the log';
  const edge: TreeEdge = { size, packed };
  let root: Uint8Array;
  try {
    root = edgeRoot(nativeTreeHasher, edge);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
  return sameHash(root, checkpoint.root)
    ? edge
    : 'the hashes at the end of the log are not those that were signed';
}

/** Returns the origin that a checkpoint names. */
export function originOf({ note }: StoredCheckpoint): string | undefined {
  const signed = parseNote(note);
  return signed && parseCheckpoint(signed.text)?.origin;
}
