import type { Limits } from '../../limits.ts';
import type { Logger } from '../../ports/logger.ts';

export type RemoteVaultLimits = Pick<Limits, Extract<keyof Limits, `vault${string}`>>;

/** Told when the vault goes away and when it is back. */
export type RemoteVaultLogger = Pick<Logger, 'info' | 'error'>;
