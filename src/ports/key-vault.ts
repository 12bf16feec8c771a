/**
 * The key vault: wraps seeds and MAC keys, computes MACs with them, signs.
 * Batch-shaped, because an HSM or a remote vault pays for each call.
 *
 * Every method throws `VaultUnavailable` (src/domain/errors.ts) when the vault cannot be reached at all.
 */
export interface KeyVault {
  /** `hsm`: a MAC is computed where the key lives. `cached`: unwrapped keys stay in this process for a while. */
  readonly custody: 'hsm' | 'cached';

  /** Makes a seed of `length` bytes. `seed` is the only time it is seen outside: for the user's token, never for a log. */
  generateSeed(
    length: number,
    owner: KeyOwner,
  ): Promise<{ readonly wrapped: WrappedKey; readonly seed: Uint8Array }>;

  /** Wraps keys under the active key-encryption key, each bound to its owner. */
  wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]>;

  /**
   * HMAC (RFC 2104) over each message.
   * @returns in the same order; `undefined` where the wrapped key is damaged, of another owner, or under a destroyed version
   */
  computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]>;

  /** A 32-byte key for one purpose and context, the same on every server of one vault: HMAC-SHA256(purpose's key, context). */
  deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array>;

  /** Signs by ECDSA P-256 with SHA-256 (ES256, RFC 7518 section 3.4), each signature raw r‖s of 64 bytes. */
  sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]>;

  /** All verification keys, retired ones included, the active one first. */
  publicKeys(): Promise<readonly PublicKey[]>;

  /** The version of key-encryption key that `wrap` uses now. */
  activeKeyVersion(): Promise<number>;
  /** Makes and activates a new key-encryption key and a new signing key; older ones still unwrap and verify. @returns its version */
  createKeyVersion(): Promise<number>;
  /** Wraps again under the active version. @returns `undefined` where the wrapped key does not open for that owner */
  rewrap(requests: readonly RewrapRequest[]): Promise<readonly (WrappedKey | undefined)[]>;
  /** Destroys every key-encryption key below `version`: what is still wrapped under them can never be opened again. */
  destroyKeyVersionsBelow(version: number): Promise<void>;

  close(): Promise<void>;
}

/** What a wrapped key belongs to, bound in as associated data, such as `mac/7` or `seed/7/k3J…`. */
export type KeyOwner = string;

/** An opaque string: the version of its key-encryption key, then the ciphertext. Safe to store and to log. */
export type WrappedKey = string;

export type MacAlgorithm = 'sha1' | 'sha256' | 'sha512';
export type DerivedKeyPurpose = 'challenge' | 'session';

export interface WrapRequest {
  readonly owner: KeyOwner;
  readonly key: Uint8Array;
}
export interface RewrapRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
}
export interface MacRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
  readonly algorithm: MacAlgorithm;
  readonly message: Uint8Array;
}
export interface Signature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}
export interface PublicKey {
  /** RFC 7517: `{kty:"EC", crv:"P-256", x, y, kid, alg:"ES256", use:"sig"}`. */
  readonly jwk: Readonly<Record<string, string>>;
  readonly active: boolean;
}
