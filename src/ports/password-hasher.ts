/** Argon2id (RFC 9106) off the main thread, behind a bounded queue. */
export interface PasswordHasher {
  /** Passwords that are, or wait to be, hashed. */
  readonly queueLength: number;
  /** @returns the PHC string, or `undefined` when the queue is full: nothing was computed, answer "busy". */
  hash(password: string): Promise<string | undefined>;
  /** Compares in constant time. `phc` undefined costs the same and is never true: for unknown users.
   *  @returns `undefined` when the queue is full: nothing was computed, answer "busy". */
  verify(phc: string | undefined, password: string): Promise<boolean | undefined>;
  /** How long a refused caller should wait before it tries again. */
  retryAfterMs(): number;
}
