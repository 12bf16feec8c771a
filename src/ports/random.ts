/** A cryptographically secure source of random bytes. Passed in everywhere, so that tests can control it. */
export interface Random {
  bytes(length: number): Uint8Array;
}
