export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512';

/** HMAC (RFC 2104), given by the caller: this folder runs in a browser as well, and on a server keys stay in the vault. */
export type Hmac = (algorithm: HmacAlgorithm, key: Uint8Array, message: Uint8Array) => Uint8Array;

/** A MAC of a token's seed over one time step or counter. */
export interface StepMac {
  readonly step: number;
  readonly mac: Uint8Array;
}

/** What is to be authenticated with a token's seed for one time step or counter. */
export interface StepMessage {
  readonly step: number;
  readonly message: Uint8Array;
}
