import type { EventSink } from '../../ports/event-sink.ts';
import type { RunnerParts } from './session-run.ts';
import { SinkRunner, type SinkStatus } from './sink-runner.ts';

export interface RelayStatus {
  /** The number of sealed entries: `size - next` of a sink is what it lags behind. */
  readonly size: number;
  readonly sinks: readonly (SinkStatus & { readonly lag: number })[];
}

/** Runs sinks side by side; each has its own lease, position, pace and failures. */
export class Relay {
  readonly #parts: RunnerParts;
  readonly #runners = new Map<string, SinkRunner>();
  #stopping = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Starts a sink. Its name must not be in use. */
  add(sink: EventSink): void {
    if (this.#stopping) return;
    if (this.#runners.has(sink.name)) throw new Error(`two sinks are named ${sink.name}`);
    const runner = new SinkRunner(sink, this.#parts);
    this.#runners.set(sink.name, runner);
    runner.start();
  }

  /** Stops a sink, whose position stays stored. */
  async remove(name: string): Promise<void> {
    const runner = this.#runners.get(name);
    this.#runners.delete(name);
    await runner?.stop();
  }

  /** @throws StoreUnavailable */
  async status(): Promise<RelayStatus> {
    const size = await this.#parts.outbox.sealedSize();
    const sinks = [...this.#runners.values()].map((runner) => {
      const status = runner.status();
      return { ...status, lag: Math.max(0, size - status.next) };
    });
    return { size, sinks };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }
}
