/*
 * Batches of keys, messages and MACs pass between threads as one block of bytes with their lengths: passing one view
 * each would cost more than computing a MAC.
 */

export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** Bytes per MAC in a block of MACs: the longest, HMAC-SHA512. */
export const MAC_STRIDE = 64;
/** Bytes per key in a block of keys: `LIMITS.vaultKeyBytesMax`. */
export const KEY_STRIDE = 128;

/** Joins the parts into one block, which can be transferred without a copy. */
export function packBytes(parts: readonly Uint8Array[]): PackedBytes {
  const lengths = Uint32Array.from(parts, (part) => part.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes, lengths };
}

/** Returns a view of one part of a block with a fixed stride; `undefined` where its length is 0. */
export function stridedPart(
  { bytes, lengths }: PackedBytes,
  index: number,
  stride: number,
): Uint8Array | undefined {
  const length = lengths[index] ?? 0;
  return length === 0 ? undefined : bytes.subarray(index * stride, index * stride + length);
}
