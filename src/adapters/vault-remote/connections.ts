import { setTimeout as delay } from 'node:timers/promises';
import { VaultUnavailable } from '../../domain/errors.ts';
import type { RemoteConnection } from './connection.ts';
import type { RemoteVaultLimits, RemoteVaultLogger } from './options.ts';

interface Slot {
  connection: RemoteConnection | undefined;
}

/**
 * A pool of connections, each of which is remade without end, at a bounded pace, when it is lost. Without a connection
 * a call fails at once, because a call that waits for a lost or hung vault holds up all others. There is one exception:
 * after a connection was closed in order or reset, calls wait for the first attempt to remake it.
 *
 * Why: docs/DECISIONS.md#a-hung-vault-fails-all-calls
 */
export class RemoteConnections {
  readonly #open: () => Promise<RemoteConnection>;
  readonly #limits: RemoteVaultLimits;
  readonly #logger: RemoteVaultLogger;
  readonly #slots: readonly Slot[];
  readonly #closed = new AbortController();
  /** Why there is no connection, for messages. */
  #reason = 'there is no connection yet';
  #firstAttempt: Promise<unknown> | undefined;
  #down = false;

  private constructor(
    open: () => Promise<RemoteConnection>,
    first: RemoteConnection,
    limits: RemoteVaultLimits,
    logger: RemoteVaultLogger,
  ) {
    this.#open = open;
    this.#limits = limits;
    this.#logger = logger;
    this.#slots = Array.from({ length: limits.vaultConnections }, () => ({ connection: undefined }));
    for (const [index, slot] of this.#slots.entries()) void this.#keep(slot, index === 0 ? first : undefined);
  }

  /** @throws VaultUnavailable when the first connection cannot be made; nothing then continues in the background */
  static async start(
    open: () => Promise<RemoteConnection>,
    limits: RemoteVaultLimits,
    logger: RemoteVaultLogger,
  ): Promise<RemoteConnections> {
    return new RemoteConnections(open, await open(), limits, logger);
  }

  /** The connection with the fewest bytes in flight. @throws VaultUnavailable when there is none */
  async take(): Promise<RemoteConnection> {
    const connection = this.#idlest();
    if (connection) return connection;
    await this.#firstAttempt;
    const again = this.#idlest();
    if (again) return again;
    throw new VaultUnavailable(this.#reason);
  }

  get callsInFlight(): number {
    return this.#sum((connection) => connection.callsInFlight);
  }

  get bytesInFlight(): number {
    return this.#sum((connection) => connection.bytesInFlight);
  }

  /**
   * Replaces each connection by one with the current credentials; the old one ends after that.
   * @throws VaultUnavailable
   */
  async renew(): Promise<void> {
    for (const slot of this.#slots) {
      if (!slot.connection) continue;
      const fresh = await this.#open();
      const old = slot.connection;
      if (!old || this.#closed.signal.aborted) return fresh.destroy('it is not needed');
      slot.connection = fresh;
      old.retire();
    }
  }

  close(): void {
    this.#reason = 'the key vault is closed';
    this.#closed.abort();
    for (const { connection } of this.#slots) connection?.destroy(this.#reason);
  }

  async #keep(slot: Slot, first: RemoteConnection | undefined): Promise<void> {
    const { vaultReconnectMsMin, vaultReconnectMsMax } = this.#limits;
    const { signal } = this.#closed;
    let made = first;
    let pauseMs = 0;
    while (!signal.aborted) {
      const connection = made ?? (await this.#attempt());
      made = undefined;
      if (connection && !signal.aborted) {
        pauseMs = 0;
        slot.connection = connection;
        await this.#lives(slot);
        continue;
      }
      connection?.destroy(this.#reason);
      pauseMs = Math.min(vaultReconnectMsMax, Math.max(vaultReconnectMsMin, pauseMs * 2));
      // Jitter: servers that lost the same vault do not reconnect all at once.
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Resolves when the slot's connection has ended, other than by being replaced. */
  async #lives(slot: Slot): Promise<void> {
    this.#back();
    for (;;) {
      const { connection } = slot;
      if (!connection) return;
      const { reason, hung } = await connection.ended;
      if (slot.connection !== connection) continue;
      slot.connection = undefined;
      if (this.#closed.signal.aborted) return;
      // The other connections lead to the same hung process: their calls should not wait for it either.
      if (hung) for (const other of this.#slots) other.connection?.destroy(reason, true);
      this.#lost(reason, hung);
      return;
    }
  }

  async #attempt(): Promise<RemoteConnection | undefined> {
    const attempt = this.#open().catch((error: Error) => {
      if (!this.#idlest()) this.#lost(error.message, true);
      return undefined;
    });
    return attempt;
  }

  #lost(reason: string, wasTried: boolean): void {
    if (this.#idlest() || this.#closed.signal.aborted) return;
    this.#reason = reason;
    if (!wasTried) {
      const settled = Promise.withResolvers<void>();
      this.#firstAttempt = settled.promise;
      this.#settle = settled.resolve;
      return;
    }
    this.#settle();
    if (this.#down) return;
    this.#down = true;
    this.#logger.error({ reason }, 'the vault process is lost: decisions that need it wait for its return');
  }

  #back(): void {
    this.#settle();
    if (this.#down) this.#logger.info({}, 'the vault process is back');
    this.#down = false;
  }

  #settle: () => void = () => {};

  #idlest(): RemoteConnection | undefined {
    let idlest: RemoteConnection | undefined;
    for (const { connection } of this.#slots) {
      if (connection && (!idlest || connection.bytesInFlight < idlest.bytesInFlight)) idlest = connection;
    }
    return idlest;
  }

  #sum(of: (connection: RemoteConnection) => number): number {
    return this.#slots.reduce((sum, { connection }) => sum + (connection ? of(connection) : 0), 0);
  }
}
