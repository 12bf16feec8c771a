import type { Limits } from '../../limits.ts';
import type { Logger } from '../../ports/logger.ts';

export type RemoteVaultLimits = Pick<Limits, Extract<keyof Limits, `vault${string}`>>;

/** Called when the vault becomes unreachable and when it is back. */
export type RemoteVaultLogger = Pick<Logger, 'info' | 'error'>;
