import { setTimeout as delay } from 'node:timers/promises';
import { VaultUnavailable } from '../../domain/errors.ts';
import type { RemoteConnection } from './connection.ts';
import type { RemoteVaultLimits, RemoteVaultLogger } from './options.ts';

interface Slot {
  connection: RemoteConnection | undefined;
}

/**
 * A few connections that are made again for as long as it takes, at a bounded pace. Without one a call fails at once:
 * whoever waits for a vault that is gone or hung keeps everybody else waiting, too. Only where a connection was closed
 * in order, or reset, is the first attempt to make it again waited for.
 */
export class RemoteConnections {
  readonly #open: () => Promise<RemoteConnection>;
  readonly #limits: RemoteVaultLimits;
  readonly #logger: RemoteVaultLogger;
  readonly #slots: readonly Slot[];
  readonly #closed = new AbortController();
  /** Why there is no connection. */
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

  /** @throws VaultUnavailable when the first connection is not made: nothing goes on in the background then */
  static async start(
    open: () => Promise<RemoteConnection>,
    limits: RemoteVaultLimits,
    logger: RemoteVaultLogger,
  ): Promise<RemoteConnections> {
    return new RemoteConnections(open, await open(), limits, logger);
  }

  /** The connection with the least to do. @throws VaultUnavailable when there is none */
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

  /** Makes each connection anew, with the credentials of now, before the one in use ends. @throws VaultUnavailable */
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
      // Servers that lost the same vault do not come back to it all at once.
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Resolves when the slot's connection has ended, and not by being replaced. */
  async #lives(slot: Slot): Promise<void> {
    this.#back();
    for (;;) {
      const { connection } = slot;
      if (!connection) return;
      const { reason, hung } = await connection.ended;
      if (slot.connection !== connection) continue;
      slot.connection = undefined;
      if (this.#closed.signal.aborted) return;
      // They lead to the same process: nobody else is to wait for it.
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
