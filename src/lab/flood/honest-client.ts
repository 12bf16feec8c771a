import { setTimeout as sleep } from 'node:timers/promises';
import type { LabConnection } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';

const PAUSE_MS = 20;
const SAMPLES_MAX = 20_000;

/** Sends one request after the other while the server is under attack, and measures each answer's time. */
export class HonestClient {
  readonly #connection: LabConnection;
  readonly #user: ThrowawayUser;
  readonly #data: string | undefined;
  readonly #tookMs: number[] = [];
  #failures = 0;
  #stopped = false;
  #running: Promise<void>;

  /** @param data a transfer for which a MAC is enough; without one, the client only asks for challenges */
  constructor(user: ThrowawayUser, connection: LabConnection, data: string | undefined) {
    this.#user = user;
    this.#connection = connection;
    this.#data = data;
    this.#running = this.#run();
  }

  /** @returns its measurements since the start */
  async stop(): Promise<Experience> {
    this.#stopped = true;
    await this.#running;
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    const quantile = (q: number) =>
      Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0)) / 10;
    return {
      answers: sorted.length,
      failures: this.#failures,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: quantile(1),
    };
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#tookMs.length < SAMPLES_MAX && this.#failures === 0) {
      const startedAt = performance.now();
      if (await this.#works()) this.#tookMs.push(performance.now() - startedAt);
      else this.#failures++;
      await sleep(PAUSE_MS);
    }
  }

  async #works(): Promise<boolean> {
    try {
      const nonce = await takeNonce(this.#connection);
      if (this.#data === undefined) return true;
      const reply = await this.#connection.ask(this.#user.transaction(this.#data, nonce));
      return reply.status === 'OK';
    } catch {
      return false;
    }
  }
}

export interface Experience {
  readonly answers: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
