import { readFileSync } from 'node:fs';
import { MemoryRateLimiter } from '../adapters/memory/rate-limiter.ts';
import { RedisRateLimiter } from '../adapters/redis/rate-limiter.ts';
import { redisOptions } from '../adapters/redis/redis-url.ts';
import { RenewedKeys } from '../application/keys/renewed-keys.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';

/**
 * Opens the rate limiter that `rate_limit_url` names. Starts without a Redis that cannot be reached: each server then
 * counts by itself.
 * @throws StartRefused when the URL or the authority's file is invalid
 */
export async function openRateLimiter(
  config: Config,
  {
    vault,
    clock,
    log,
  }: {
    vault: KeyVault;
    clock: Clock;
    log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  },
): Promise<RateLimiter> {
  const nameKeys = new RenewedKeys(vault, 'session', 'rate-limit');
  const own = new MemoryRateLimiter();
  if (config.rateLimitUrl === 'memory:') return own;
  return RedisRateLimiter.open({
    redis: redisOptions(config.rateLimitUrl, authority(config.rateLimitCaFile)),
    nameKey: async () => (await nameKeys.ask(clock.now()))[0].key,
    own,
    log,
  });
}

function authority(file: string | null): string | undefined {
  if (file === null) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartRefused(`rate_limit_ca_file: ${file} cannot be read: ${(error as Error).message}`);
  }
}
