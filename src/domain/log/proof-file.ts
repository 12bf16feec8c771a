import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { HASH_BYTES } from './tree-hasher.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const HASHES_MAX = 64;

/** A proof that verifies alone, as a file (https://c2sp.org/tlog-proof). Nothing is verified. */
export interface ProofFile {
  readonly index: number;
  /** The inclusion proof, from the leaf's sibling upward. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note of the checkpoint, to the letter. */
  readonly checkpoint: string;
  /** Opaque and not authenticated. */
  readonly extra?: Uint8Array | undefined;
}

export function formatProofFile({ index, hashes, checkpoint, extra }: ProofFile): string {
  const lines = [
    FIRST_LINE,
    ...(extra ? [`extra ${encodeBase64(extra)}`] : []),
    `index ${index}`,
    ...hashes.map(encodeBase64),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Parses a proof file. @returns undefined for what is none */
export function parseProofFile(text: string): ProofFile | undefined {
  const split = text.indexOf('\n\n');
  if (split < 0) return undefined;
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== FIRST_LINE) return undefined;
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()?.slice(6) ?? '') : null;
  const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '') ?? [];
  const hashes = lines.map(decodeBase64);
  if (extra === undefined || !Number.isSafeInteger(Number(index)) || hashes.length > HASHES_MAX)
    return undefined;
  if (!hashes.every((hash) => hash?.length === HASH_BYTES)) return undefined;
  return {
    index: Number(index),
    hashes: hashes as Uint8Array[],
    checkpoint: text.slice(split + 2),
    ...(extra ? { extra } : {}),
  };
}
