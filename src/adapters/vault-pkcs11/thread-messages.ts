import type { RewrapRequest } from '../../ports/key-vault.ts';
import type { PublicJwk } from '../vault-keys/public-jwk.ts';
import type { HsmProbe } from './mechanisms.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

/*
 * What passes between the vault and the thread that calls the HSM. Batches go as one block of bytes with their lengths,
 * because a view each costs more to pass than a MAC does to compute.
 */

export interface ThreadSettings {
  readonly address: HsmAddress;
  readonly pin: string;
  readonly sessionKeysMax: number;
  /** Counts the calls that came back: what stands still is hung. */
  readonly progress: Int32Array<SharedArrayBuffer>;
  /** How many threads of this process are in the library, hung ones too: it may be finalised by the only one. */
  readonly libraryUsers: Int32Array<SharedArrayBuffer>;
}

export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

export interface OwnedKeys {
  readonly owners: readonly string[];
  readonly wrapped: readonly string[];
}

/** Each operation: what it is given, what comes back. */
export interface Operations {
  probe: { given: Record<never, never>; result: HsmProbe };
  open: {
    given: { readonly mayMake: boolean };
    result: { readonly keysThere: boolean; readonly made: boolean };
  };
  macs: {
    given: OwnedKeys & { readonly algorithms: Uint8Array<ArrayBuffer>; readonly messages: PackedBytes };
    /** `MAC_STRIDE` bytes each; a length of 0 where there is none. */
    result: PackedBytes;
  };
  /** For custody `cached`: the keys themselves, in the same form. */
  unwrap: { given: OwnedKeys; result: PackedBytes };
  wrap: {
    given: { readonly owners: readonly string[]; readonly keys: PackedBytes };
    result: readonly string[];
  };
  seed: {
    given: { readonly length: number; readonly owner: string };
    result: { readonly wrapped: string; readonly seed: Uint8Array };
  };
  rewrap: { given: OwnedKeys; result: readonly (string | undefined)[] };
  derive: {
    given: { readonly purpose: 'challenge' | 'session'; readonly context: string };
    result: Uint8Array;
  };
  /** Digests of 32 bytes, one after the other; signatures of 64. */
  sign: {
    given: { readonly digests: Uint8Array<ArrayBuffer> };
    result: { readonly keyId: string; readonly signatures: Uint8Array };
  };
  versions: {
    given: Record<never, never>;
    result: { readonly active: number; readonly publicKeys: readonly PublicJwk[] };
  };
  create: { given: Record<never, never>; result: number };
  destroy: { given: { readonly below: number }; result: undefined };
  close: { given: Record<never, never>; result: undefined };
}

export type OperationName = keyof Operations;

export interface Call<Name extends OperationName = OperationName> {
  readonly id: number;
  readonly name: Name;
  readonly given: Operations[Name]['given'];
}

/** `down`: the HSM failed. `pin`: it refused the PIN. `start`: the operator can mend it. `range`: the caller's mistake. */
export type FailureKind = 'down' | 'pin' | 'start' | 'range' | 'defect';

export type Answer =
  | { readonly id: number; readonly result: unknown; readonly healed: boolean }
  | { readonly id: number; readonly failure: FailureKind; readonly message: string };

export const ALGORITHM_CODES = { sha1: 0, sha256: 1, sha512: 2 } as const;
export const MAC_STRIDE = 64;
export const KEY_STRIDE = 128;

/** One block of the parts, to be passed on without a copy. */
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

/** The owners and wrapped keys of requests, as the thread takes them. */
export function ownedKeysOf(requests: readonly RewrapRequest[]): { owners: string[]; wrapped: string[] } {
  return { owners: requests.map(({ owner }) => owner), wrapped: requests.map(({ wrapped }) => wrapped) };
}

/** @returns a view of one of the parts that came in strides, `undefined` where there is none */
export function stridedPart(
  { bytes, lengths }: PackedBytes,
  index: number,
  stride: number,
): Uint8Array | undefined {
  const length = lengths[index] ?? 0;
  return length === 0 ? undefined : bytes.subarray(index * stride, index * stride + length);
}
