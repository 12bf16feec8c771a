/**
 * The key vault: wraps seeds and MAC keys, computes MACs with them, and signs. Methods take batches, because an HSM or a
 * remote vault has a cost for each call.
 *
 * Every method throws `VaultUnavailable` (src/domain/errors.ts) when the vault cannot be reached.
 */
export interface KeyVault {
  /** `hsm`: MACs are computed inside the HSM, which keys never leave. `cached`: unwrapped keys stay in this process for a while. */
  readonly custody: 'hsm' | 'cached';

  /** Generates a seed of `length` bytes. Only here is the seed itself returned: for the user's token, never for a log. */
  generateSeed(
    length: number,
    owner: KeyOwner,
  ): Promise<{ readonly wrapped: WrappedKey; readonly seed: Uint8Array }>;

  /**
   * Generates a key of 64 bytes that nobody is shown, and wraps it. An HSM makes it inside, so that this process never has it.
   *
   * Why: docs/DECISIONS.md#the-seed-of-a-dataset-is-shown-to-nobody
   */
  generateKey(owner: KeyOwner): Promise<WrappedKey>;

  /**
   * Derives a 32-byte key from a wrapped one: HMAC-SHA256(key, context). An HSM computes it inside, whatever the custody.
   * @returns `undefined` where `computeMacs` has none
   */
  deriveFromKey(request: DerivationRequest): Promise<Uint8Array | undefined>;

  /**
   * Generates a P-256 key pair of a user for one use, whose private key nobody is shown, and wraps that. An HSM makes it
   * inside, and uses it inside as an object that cannot be extracted.
   *
   * Why: docs/DECISIONS.md#identity-keys-in-the-vault-are-wrapped-and-kept-in-the-store
   */
  generateKeyPair(use: KeyPairUse, owner: KeyOwner): Promise<GeneratedKeyPair>;

  /**
   * Signs each digest by a user's own key: ES256, r‖s, 64 bytes.
   * @returns in the same order; `undefined` where the wrapped key does not open, or is of the other use
   * @throws RangeError for a digest that is not 32 bytes
   */
  signByKeys(requests: readonly KeySignatureRequest[]): Promise<readonly (Uint8Array | undefined)[]>;

  /**
   * Agrees by a user's own key with the ephemeral key of a message, and derives the key that wraps its content key: ECDH-ES
   * with A256KW (RFC 7518 section 4.6, no party info), 32 bytes. The agreed secret itself stays inside.
   * @returns in the same order; `undefined` where the wrapped key does not open, or is of the other use
   * @throws RangeError for a public key that is not a point on P-256
   */
  agreeByKeys(requests: readonly KeyAgreementRequest[]): Promise<readonly (Uint8Array | undefined)[]>;

  /** Wraps keys under the active key-encryption key, each bound to its owner. */
  wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]>;

  /**
   * HMAC (RFC 2104) over each message.
   * @returns in the same order; `undefined` where the wrapped key is damaged, of another owner, or under a destroyed version
   */
  computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]>;

  /**
   * Derives a 32-byte key for one purpose and context: HMAC-SHA256(the newest version of the purpose's key, context). All
   * servers of one vault get the same key.
   */
  deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array>;

  /**
   * As `deriveKey`, from each version of the purpose's key that is still good, the newest first. A rotation makes a new
   * version; the one before stays good for `LIMITS.masterKeyLifeMs`, for what was derived from it and is kept.
   */
  deriveKeys(purpose: DerivedKeyPurpose, context: string): Promise<readonly DerivedKey[]>;

  /** Signs each message by ES256 (ECDSA P-256 with SHA-256, RFC 7518 section 3.4). A signature is r‖s, 64 bytes. */
  sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]>;

  /**
   * Returns the Ed25519 public key of the transparency log, 32 bytes (RFC 8032). Makes the key where there is none. There
   * is one for ever: rotations leave it.
   *
   * Why: docs/DECISIONS.md#one-key-signs-the-log-for-ever
   */
  logPublicKey(): Promise<Uint8Array>;
  /** Signs a checkpoint's text by that key: 64 bytes. */
  signLog(message: Uint8Array): Promise<Uint8Array>;

  /** Returns all verification keys, retired ones included, the active key first. */
  publicKeys(): Promise<readonly PublicKey[]>;

  /** Returns the life of each version of the keys, the newest first. */
  listKeyVersions(): Promise<readonly KeyVersionLife[]>;

  /** Returns the version of the key-encryption key that `wrap` uses now. */
  activeKeyVersion(): Promise<number>;
  /**
   * Creates and activates a new version of every key: key-encryption, signing, and those that others are derived from.
   * Older keys still unwrap, verify and derive. @returns the version
   */
  createKeyVersion(): Promise<number>;
  /** Rewraps keys under the active version. @returns `undefined` where the wrapped key does not open for that owner */
  rewrap(requests: readonly RewrapRequest[]): Promise<readonly (WrappedKey | undefined)[]>;
  /** Destroys every key-encryption key below `version`. Keys still wrapped under them can never be opened again. */
  destroyKeyVersionsBelow(version: number): Promise<void>;

  close(): Promise<void>;
}

/** The owner that a wrapped key is bound to, as associated data, such as `mac/7` or `seed/7/k3J…`. */
export type KeyOwner = string;

/** An opaque string: the version of the key-encryption key, then the ciphertext. Safe to store and to log. */
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
export interface DerivationRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
  readonly context: string;
}
export interface MacRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
  readonly algorithm: MacAlgorithm;
  readonly message: Uint8Array;
}
/** `sign`: ECDSA. `seal`: ECDH. A key of one use cannot be used for the other. */
export type KeyPairUse = 'sign' | 'seal';
export interface GeneratedKeyPair {
  readonly wrapped: WrappedKey;
  /** The public key: an uncompressed point (SEC 1 section 2.3.3), 65 bytes. */
  readonly publicPoint: Uint8Array;
}
export interface KeySignatureRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
  /** SHA-256 of what is signed. */
  readonly digest: Uint8Array;
}
export interface KeyAgreementRequest {
  readonly owner: KeyOwner;
  readonly wrapped: WrappedKey;
  /** The ephemeral public key: an uncompressed point, 65 bytes. */
  readonly publicPoint: Uint8Array;
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

/** What is left of one version of the vault's keys. Its signing key signs only while the version is the newest. */
export interface KeyVersionLife {
  readonly version: number;
  /** ms since 1970; 0 where the vault does not know. */
  readonly createdAt: number;
  /** Whether its key-encryption key still opens what it wrapped; false: destroyed. */
  readonly unwraps: boolean;
  /** The signing key's `kid`. */
  readonly keyId: string;
}

/** A key that was derived from one version of a purpose's key. */
export interface DerivedKey {
  /** The version of the vault's keys that it comes from. */
  readonly version: number;
  /** When that version was made, ms since 1970; 0 where the vault does not know. */
  readonly createdAt: number;
  readonly key: Uint8Array;
}
