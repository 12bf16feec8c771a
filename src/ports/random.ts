/** A cryptographically secure source of bytes, passed in everywhere so that tests can fix it. */
export interface Random {
  bytes(length: number): Uint8Array;
}
