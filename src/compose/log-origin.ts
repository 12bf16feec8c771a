import { originOf } from '../application/log/own-checkpoint.ts';
import type { Config } from '../config.ts';
import type { LogReader } from '../ports/log-store.ts';

/** The name of the log: `log_origin`, by default the host of `public_url`. */
export function logOrigin({ logOrigin: given, publicUrl }: Pick<Config, 'logOrigin' | 'publicUrl'>): string {
  return given ?? (publicUrl === null ? 'localhost' : new URL(publicUrl).host);
}

/**
 * Returns the configuration with the name of this store's log: the one that is given; else the name that the log has already,
 * for a changed `public_url` is no new log.
 *
 * Why: docs/DECISIONS.md#a-log-keeps-its-name
 */
export async function withLogOrigin(config: Config, log: LogReader): Promise<Config> {
  if (config.logOrigin !== null) return config;
  const last = await log.lastCheckpoint();
  return { ...config, logOrigin: (last && originOf(last)) ?? logOrigin(config) };
}
