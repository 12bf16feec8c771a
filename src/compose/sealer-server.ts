import type { Config } from '../config.ts';
import type { Logger } from '../ports/logger.ts';
import { openApplication } from './application.ts';
import { startLog } from './transparency-log.ts';

/** A process that seals the log and listens on nothing. */
export interface RunningSealer {
  readonly generated: readonly string[];
  stop(): Promise<void>;
}

/** @throws StartRefused when the operator must fix something; the message says what */
export async function startSealer(
  config: Config,
  log: Logger,
  options: { readonly acceptRollback?: boolean } = {},
): Promise<RunningSealer> {
  const application = await openApplication(config, {
    log,
    rollback: options.acceptRollback ? 'accept' : 'refuse',
    vaultMayWait: true,
    maintenance: false,
  });
  const running = startLog(config, application.context, log);
  return {
    generated: application.generated,
    async stop() {
      await running.stop();
      await application.close();
    },
  };
}
