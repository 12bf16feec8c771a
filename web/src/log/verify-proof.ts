import { parseProofFile } from '../../../src/domain/log/proof-file.ts';
import { verifyInclusion } from '../../../src/domain/log/proofs.ts';
import { pageTreeHasher } from './hashing.ts';
import { type CheckpointVerdict, verifyCheckpoint } from './verify-checkpoint.ts';

export type ProofVerdict =
  | {
      readonly valid: true;
      readonly index: number;
      readonly size: number;
      readonly origin: string;
      readonly witnesses: readonly string[];
    }
  | {
      readonly valid: false;
      readonly why: 'proof_form' | 'inclusion' | Extract<CheckpointVerdict, { readonly valid: false }>['why'];
    };

/**
 * Verifies that an entry is in the log that a checkpoint signs (https://c2sp.org/tlog-proof).
 * @param hash of the journal entry, in hex, as a receipt states it
 * @param keyText the log's verifier key. That it is the right one must be known from elsewhere
 */
export async function verifyProof(hash: string, proofText: string, keyText: string): Promise<ProofVerdict> {
  const proof = parseProofFile(proofText);
  const entry = bytesOf(hash);
  if (!proof || !entry) return { valid: false, why: 'proof_form' };
  const signed = await verifyCheckpoint(proof.checkpoint, keyText);
  if (!signed.valid) return signed;
  const { origin, size, root } = signed.checkpoint;
  const { index, hashes } = proof;
  const leaf = pageTreeHasher.leaf(entry);
  if (!verifyInclusion(pageTreeHasher, { index, size, leaf, proof: hashes, root }))
    return { valid: false, why: 'inclusion' };
  return { valid: true, index, size, origin, witnesses: signed.witnesses };
}

function bytesOf(hex: string): Uint8Array | undefined {
  return /^[0-9a-f]{64}$/.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    : undefined;
}
