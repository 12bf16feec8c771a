export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512';

/**
 * HMAC (RFC 2104), supplied by the caller: this folder also runs in a browser, and on a server the keys stay in the vault.
 */
export type Hmac = (algorithm: HmacAlgorithm, key: Uint8Array, message: Uint8Array) => Uint8Array;

/** The MAC of one time step or counter under a token's seed. */
export interface StepMac {
  readonly step: number;
  readonly mac: Uint8Array;
}

/** The message whose MAC under a token's seed yields the code of one time step or counter. */
export interface StepMessage {
  readonly step: number;
  readonly message: Uint8Array;
}
