import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { HASH_BYTES } from './tree-hasher.ts';

/** What a checkpoint says: the log's origin, its size, and the root over all its entries (https://c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Formats the text of a checkpoint, which is what is signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/** Parses a checkpoint's text. @returns undefined for another form, and with extension lines, which this log never writes */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin, size, encoded] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/.exec(text) ?? [];
  if (origin === undefined || size === undefined || encoded === undefined) return undefined;
  const root = decodeBase64(encoded);
  if (root?.length !== HASH_BYTES || !Number.isSafeInteger(Number(size))) return undefined;
  return { origin, size: Number(size), root };
}
