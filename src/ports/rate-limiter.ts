/** How much of one action one key (an address, a service) may do: `countMax` in any `windowMs`. */
export interface RateLimit {
  readonly countMax: number;
  readonly windowMs: number;
}

export interface RateLimiter {
  /**
   * Takes `cost` from the key's allowance, or takes nothing and returns how long to wait.
   * Atomic: of parallel callers exactly as many succeed as the allowance holds.
   * @returns 0 when taken, else the milliseconds after which the same call would succeed
   */
  take(key: string, limit: RateLimit, cost?: number): Promise<number>;
  /** True while what servers share cannot be asked, and this one counts by itself. */
  readonly degraded: boolean;
  close(): Promise<void>;
}
