import { setTimeout } from 'node:timers/promises';
import type { Context } from '../../application/context.ts';
import { LIMITS } from '../../limits.ts';

/** The sinks of events are parts by their names. */
export type PartName = 'store' | 'vault' | 'rate_limiter' | (string & {});

export interface PartHealth {
  readonly part: PartName;
  readonly up: boolean;
  /** The part works with reduced means, and decisions go on. */
  readonly degraded: boolean;
  readonly latencyMs: number;
}

/**
 * Checks whether a decision could be made now. Anyone may ask, often, so a result is kept for `readinessCachedMs`.
 *
 * Why: docs/DECISIONS.md#readiness-has-a-form-for-haproxy
 */
export class Health {
  readonly #context: Context;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<readonly PartHealth[]> | undefined;
  #last: readonly PartHealth[] = [];
  /** Set when the server begins to stop, so that no new work is sent to it. */
  stopping = false;

  constructor(context: Context) {
    this.#context = context;
  }

  check(): Promise<readonly PartHealth[]> {
    if (performance.now() - this.#checkedAt < LIMITS.readinessCachedMs) return Promise.resolve(this.#last);
    this.#checking ??= this.#checkAll().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #checkAll(): Promise<readonly PartHealth[]> {
    const { store, vault, rateLimiter, relay, witnesses } = this.#context;
    const asked = await Promise.all([
      probe('store', () => store.ping()),
      probe('vault', () => vault.activeKeyVersion()),
    ]);
    // Without the shared limiter limits are kept in this server's memory, so the server stays ready.
    const limiter = { part: 'rate_limiter', up: true, degraded: rateLimiter.degraded, latencyMs: 0 };
    // Events wait in the journal while a sink is away, and decisions go on.
    const sinks = relay.sinks.map(({ sink, problem }) => ({
      ...{ part: sink, up: true, degraded: problem !== undefined, latencyMs: 0 },
    }));
    // Checkpoints are published without the signature of a witness that fails.
    const asWitnesses = witnesses.states.map(({ name, status }) => ({
      ...{ part: `witness ${name}`, up: true, degraded: status === 'failing', latencyMs: 0 },
    }));
    this.#last = [...asked, limiter, ...sinks, ...asWitnesses];
    this.#checkedAt = performance.now();
    return this.#last;
  }
}

async function probe(part: PartName, ask: () => Promise<unknown>): Promise<PartHealth> {
  const startedAt = performance.now();
  const over = new AbortController();
  const late = setTimeout(LIMITS.readinessTimeMs, false, { signal: over.signal }).catch(() => false);
  const answered = ask().then(
    () => true,
    () => false,
  );
  const up = await Promise.race([answered, late]);
  over.abort();
  return { part, up, degraded: false, latencyMs: Math.round(performance.now() - startedAt) };
}
