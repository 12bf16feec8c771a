import type { RelayStatus } from '../../application/relay/relay.ts';
import type { SinkStatus } from '../../application/relay/sink-runner.ts';
import type { DisabledReason } from '../../application/webhooks/manage-webhooks.ts';
import type { Config } from '../../config.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Leases } from '../../ports/lease.ts';
import type { SinkPositions } from '../../ports/sink-positions.ts';
import type { Store } from '../../ports/store.ts';

/** What the thread is given when it starts. */
export interface ThreadSettings {
  readonly config: Config;
  /** Whether it delivers webhooks. */
  readonly webhooks: boolean;
}

/** What the thread asks of the server's thread: all that is written, and the vault's MACs. */
export interface ServerFunctions {
  [name: string]: (...given: never[]) => unknown;
  takeLease: Leases['take'];
  renewLease: Leases['renew'];
  releaseLease: Leases['release'];
  findPosition: SinkPositions['find'];
  movePosition: SinkPositions['move'];
  keepSinks: SinkPositions['keep'];
  listWebhooks: Store['listWebhooks'];
  readWebhookProgress: Store['readWebhookProgress'];
  saveWebhookProgress: Store['saveWebhookProgress'];
  computeMacs: KeyVault['computeMacs'];
  disableWebhook(webhookId: string, reason: DisabledReason): Promise<void>;
  log(level: 'info' | 'warn' | 'error', fields: object, message: string): void;
  /** Tells where the sinks stand, when that has changed. */
  sinks(statuses: readonly SinkStatus[]): void;
}

/** What the server asks of the thread. */
export interface ThreadFunctions {
  [name: string]: (...given: never[]) => unknown;
  /** Resolves once the sinks run. @throws with the reason why they cannot */
  started(): Promise<void>;
  status(): Promise<RelayStatus>;
  rewind(name: string, next: number): Promise<'unknown' | { readonly holder: string } | undefined>;
  /** An administrator changed a webhook, or gave it a command. */
  webhooksChanged(): void;
  stop(): Promise<void>;
}
