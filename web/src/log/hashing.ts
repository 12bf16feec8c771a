import { sha256 } from '@noble/hashes/sha2.js';
import { treeHasher } from '../../../src/domain/log/tree-hasher.ts';
import { parseVerifierKey, type VerifierKey } from '../../../src/domain/log/verifier-key.ts';

/** Hashes of the log's tree (RFC 9162 section 2.1). Synchronous, which WebCrypto is not: a page hashes many thousands. */
export const pageTreeHasher = treeHasher(sha256);

/** Parses a log's verifier key (https://c2sp.org/signed-note). @returns undefined for another form */
export function readLogKey(text: string): VerifierKey | undefined {
  return parseVerifierKey(sha256, text.trim());
}
