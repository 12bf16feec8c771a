/** A limit on one action of one key (an address, a service): `countMax` in any `windowMs`. */
export interface RateLimit {
  readonly countMax: number;
  readonly windowMs: number;
}

export interface RateLimiter {
  /**
   * Takes `cost` from the key's allowance if there is enough. Atomic: of concurrent callers exactly as many succeed as
   * the allowance permits.
   * @returns 0 when taken; otherwise takes nothing and returns the milliseconds until the same call would succeed
   */
  take(key: string, limit: RateLimit, cost?: number): Promise<number>;
  /** True while the shared allowance is unreachable and this server counts in its own memory. */
  readonly degraded: boolean;
  close(): Promise<void>;
}
