import type { Config } from '../../config.ts';
import type { Logger } from '../../ports/logger.ts';
import { LogDestination } from './log-destination.ts';

/** The log of a server: JSON lines on stderr, at `log_level`. */
export async function openLog(config: Config): Promise<Logger> {
  const { default: pino } = await import('pino');
  const log: Logger = pino({ name: 'sello', level: config.logLevel }, new LogDestination());
  return log;
}

/**
 * Makes the server read its certificates again on SIGHUP. A failure is logged, and the old certificate stays in use.
 */
export function reloadTlsOnSighup(server: { reloadTls(): Promise<boolean> }, log: Logger): void {
  process.on('SIGHUP', () => {
    server
      .reloadTls()
      .catch((error: Error) => log.error({ reason: error.message }, 'TLS certificate not reloaded'));
  });
}
