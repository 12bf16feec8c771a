import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { HASH_BYTES } from './tree-hasher.ts';

/** The specification's bound of a consistency proof. */
const PROOF_HASHES_MAX = 63;

/** The body of `POST /add-checkpoint` (https://c2sp.org/tlog-witness). Nothing is verified. */
export interface AddCheckpoint {
  /** The size that the witness saw last. */
  readonly old: number;
  /** From there to the checkpoint's size. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, to the letter. */
  readonly checkpoint: string;
}

export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint}`;
}

/** @returns undefined for another form */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  const split = body.indexOf('\n\n');
  if (split < 0) return undefined;
  const [first = '', ...lines] = body.slice(0, split).split('\n');
  const [, old] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? [];
  const proof = lines.map(decodeBase64);
  const isProof = lines.length <= PROOF_HASHES_MAX && proof.every((hash) => hash?.length === HASH_BYTES);
  if (old === undefined || !Number.isSafeInteger(Number(old)) || !isProof) return undefined;
  return { old: Number(old), proof: proof as Uint8Array[], checkpoint: body.slice(split + 2) };
}
