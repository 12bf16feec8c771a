import type {
  DerivedKey,
  GeneratedKeyPair,
  KeyPairUse,
  KeyVersionLife,
  RewrapRequest,
} from '../../ports/key-vault.ts';
import type { PublicJwk } from '../vault-keys/public-jwk.ts';
import type { HsmProbe } from './mechanisms.ts';
import type { PackedBytes } from './packed-bytes.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

/*
 * The messages between the main thread and the thread that calls the HSM.
 */

export interface ThreadSettings {
  readonly address: HsmAddress;
  readonly pin: string;
  readonly sessionKeysMax: number;
  /** Counts the calls to the HSM that returned. While calls are pending, a counter that stands still means a hung HSM. */
  readonly progress: Int32Array<SharedArrayBuffer>;
  /** Counts this process's threads inside the library, hung ones included. C_Finalize is allowed only to the last one. */
  readonly libraryUsers: Int32Array<SharedArrayBuffer>;
}

export interface OwnedKeys {
  readonly owners: readonly string[];
  readonly wrapped: readonly string[];
}

/** The arguments and the result of each operation. */
export interface Operations {
  probe: { given: Record<never, never>; result: HsmProbe };
  open: {
    given: { readonly mayCreate: boolean };
    result: { readonly keysPresent: boolean; readonly created: boolean };
  };
  macs: {
    given: OwnedKeys & { readonly algorithms: Uint8Array<ArrayBuffer>; readonly messages: PackedBytes };
    /** `MAC_STRIDE` bytes per MAC; length 0 where the wrapped key did not open. */
    result: PackedBytes;
  };
  /** For custody `cached`: the keys' values, `KEY_STRIDE` bytes each. */
  unwrap: { given: OwnedKeys; result: PackedBytes };
  wrap: {
    given: { readonly owners: readonly string[]; readonly keys: PackedBytes };
    result: readonly string[];
  };
  seed: {
    given: { readonly length: number; readonly owner: string };
    result: { readonly wrapped: string; readonly seed: Uint8Array };
  };
  /** Makes a key inside and wraps it. */
  key: { given: { readonly owner: string }; result: string };
  keyPair: { given: { readonly use: KeyPairUse; readonly owner: string }; result: GeneratedKeyPair };
  /** Digests of 32 bytes each, joined. */
  signByKeys: {
    given: OwnedKeys & { readonly digests: Uint8Array<ArrayBuffer> };
    result: readonly (Uint8Array | undefined)[];
  };
  /** Points of 65 bytes each, joined. */
  agreeByKeys: {
    given: OwnedKeys & { readonly points: Uint8Array<ArrayBuffer> };
    result: readonly (Uint8Array | undefined)[];
  };
  rewrap: { given: OwnedKeys; result: readonly (string | undefined)[] };
  derive: {
    given: { readonly purpose: 'challenge' | 'session'; readonly context: string };
    /** Newest first. */
    result: readonly DerivedKey[];
  };
  /** Digests of 32 bytes each, joined; signatures of 64 bytes each, joined. */
  sign: {
    given: { readonly digests: Uint8Array<ArrayBuffer> };
    result: { readonly keyId: string; readonly signatures: Uint8Array };
  };
  logPublicKey: { given: Record<never, never>; result: Uint8Array };
  signLog: { given: { readonly message: Uint8Array<ArrayBuffer> }; result: Uint8Array };
  versions: {
    given: Record<never, never>;
    /** Newest first. */
    result: {
      readonly active: number;
      readonly publicKeys: readonly PublicJwk[];
      readonly lives: readonly KeyVersionLife[];
    };
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

/** `down`: the HSM failed. `pin`: it refused the PIN. `start`: the operator can fix the cause. `range`: the caller's mistake. */
export type FailureKind = 'down' | 'pin' | 'start' | 'range' | 'defect';

export type Answer =
  | { readonly id: number; readonly result: unknown; readonly healed: boolean }
  | { readonly id: number; readonly failure: FailureKind; readonly message: string };

export const ALGORITHM_CODES = { sha1: 0, sha256: 1, sha512: 2 } as const;

/** Splits requests into owners and wrapped keys, as the thread takes them. */
export function ownedKeysOf(requests: readonly RewrapRequest[]): { owners: string[]; wrapped: string[] } {
  return { owners: requests.map(({ owner }) => owner), wrapped: requests.map(({ wrapped }) => wrapped) };
}
