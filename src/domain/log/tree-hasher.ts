/** Hashes leaves and nodes of the log's tree as RFC 9162 section 2.1.1 does. */
export interface TreeHasher {
  /** SHA-256(0x00 ‖ entry) */
  leaf(entry: Uint8Array): Uint8Array;
  /** SHA-256(0x01 ‖ left ‖ right) */
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** The root of a tree without leaves: SHA-256 of nothing. */
  readonly emptyRoot: Uint8Array;
}

export const HASH_BYTES = 32;

/** Makes a tree hasher of a SHA-256. The server gives Node's, pages give one of their own. */
export function treeHasher(sha256: (bytes: Uint8Array) => Uint8Array): TreeHasher {
  const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES);
  nodeInput[0] = 1;
  let leafInput = new Uint8Array(1 + HASH_BYTES);
  return {
    leaf(entry) {
      if (leafInput.length !== entry.length + 1) leafInput = new Uint8Array(entry.length + 1);
      leafInput.set(entry, 1);
      return sha256(leafInput);
    },
    node(left, right) {
      nodeInput.set(left, 1);
      nodeInput.set(right, 1 + HASH_BYTES);
      return sha256(nodeInput);
    },
    emptyRoot: sha256(new Uint8Array()),
  };
}

/** Compares two hashes. Not in constant time: they are public. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
