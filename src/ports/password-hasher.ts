/** For whom a password is hashed: callers take turns. */
export interface PasswordCaller {
  /** The client's network (`clientNetwork`). */
  readonly address: string;
  /** Whether this user logged in from there lately: such passwords are hashed before strangers'. */
  readonly known: boolean;
}

/** Hashes passwords by Argon2id (RFC 9106) off the main thread, behind a bounded queue. */
export interface PasswordHasher {
  /** Number of passwords being hashed or waiting. */
  readonly queueLength: number;
  /**
   * Returns the PHC string, or `undefined` when the queue is full: nothing was computed, so refuse as `busy`.
   * @param caller none for the operator and the server itself
   */
  hash(password: string, caller?: PasswordCaller): Promise<string | undefined>;
  /**
   * Verifies a password in constant time. With `phc` undefined (an unknown user) it takes the same time and is false.
   * @returns `undefined` when the queue is full: nothing was computed, so refuse as `busy`
   */
  verify(phc: string | undefined, password: string, caller?: PasswordCaller): Promise<boolean | undefined>;
  /** Estimates how long a refused caller should wait before it tries again. */
  retryAfterMs(): number;
}
