import { MemoryRateLimiter } from '../adapters/memory/rate-limiter.ts';
import type { Config } from '../config.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';

/** Opens what `rate_limit_url` names. */
export async function openRateLimiter(_config: Config): Promise<RateLimiter> {
  return new MemoryRateLimiter();
}
