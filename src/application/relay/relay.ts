import type { EventSink } from '../../ports/event-sink.ts';
import type { RunnerParts } from './session-run.ts';
import { SinkRunner, type SinkStatus } from './sink-runner.ts';

export interface RelayStatus {
  /** The number of sealed entries: `size - next` of a sink is what it lags behind. */
  readonly size: number;
  readonly sinks: readonly SinkLag[];
}

export interface SinkLag extends SinkStatus {
  /** Sealed entries that are not acknowledged. */
  readonly lag: number;
  /** Age of the oldest of them; 0 without one. Unit: ms */
  readonly lagMs: number;
}

/** The sinks of this process, as operators see and move them, wherever they run. */
export interface RelayControl {
  /** The sinks as they were seen last, without asking the store. */
  readonly sinks: readonly SinkStatus[];
  /** @throws StoreUnavailable */
  status(): Promise<RelayStatus>;
  /**
   * Has a sink begin at an index, and sends again what it had from there.
   * @returns `unknown` for a sink that is not of this server; who runs it, where that is another process; else undefined
   * @throws StoreUnavailable
   */
  rewind(name: string, next: number): Promise<'unknown' | { readonly holder: string } | undefined>;
  /** Ends all sessions and gives the leases back. */
  stop(): Promise<void>;
}

/**
 * The sinks of this process. Each has its own lease, position, pace and failures, so that none holds up another. Until
 * `start` is called nothing is delivered: commands know the sinks and run none.
 */
export class Relay implements RelayControl {
  readonly #parts: RunnerParts;
  readonly #runners = new Map<string, SinkRunner>();
  #state: 'idle' | 'running' | 'stopped' = 'idle';

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get sinks(): readonly SinkStatus[] {
    return [...this.#runners.values()].map((runner) => runner.status());
  }

  /** Adds a sink, and starts it once the relay runs. Its name must not be in use. */
  add(sink: EventSink): void {
    if (this.#state === 'stopped') return;
    if (this.#runners.has(sink.name)) throw new Error(`two sinks are named ${sink.name}`);
    const runner = new SinkRunner(sink, this.#parts);
    this.#runners.set(sink.name, runner);
    if (this.#state === 'running') runner.start();
  }

  /** Stops a sink, whose position stays stored. */
  async remove(name: string): Promise<void> {
    const runner = this.#runners.get(name);
    this.#runners.delete(name);
    await runner?.stop();
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'running';
    for (const runner of this.#runners.values()) runner.start();
  }

  async status(): Promise<RelayStatus> {
    const { outbox, places, now } = this.#parts;
    const size = await outbox.sealedSize();
    const sinks = await Promise.all(
      this.sinks.map(async (status) => {
        const isMine = status.state === 'running';
        const next = isMine ? status.next : Math.max(status.next, (await places.find(status.sink)).next);
        const lag = Math.max(0, size - next);
        const [oldest] = lag > 0 ? await outbox.readSealed({ from: next, limit: 1 }) : [];
        return { ...status, next, lag, lagMs: oldest ? Math.max(0, now() - oldest.at) : 0 };
      }),
    );
    return { size, sinks };
  }

  async rewind(name: string, next: number): Promise<'unknown' | { readonly holder: string } | undefined> {
    const runner = this.#runners.get(name);
    if (!runner) return 'unknown';
    const { sink } = runner;
    await runner.stop();
    try {
      return await this.#parts.places.set(name, next);
    } finally {
      this.#runners.set(name, new SinkRunner(sink, this.#parts));
      if (this.#state === 'running') this.#runners.get(name)?.start();
    }
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }
}
