import type { CheckpointFile } from '../../ports/checkpoint-file.ts';
import type { LogReader, StoredCheckpoint } from '../../ports/log-store.ts';

export interface MemoryEvents {
  /** Called with each checkpoint that is newer than those before. */
  onSeen(checkpoint: StoredCheckpoint): void;
  /** Called when one could not be read or written. */
  onError(error: unknown): void;
}

/**
 * Remembers the last checkpoint, so that the next start notices a database that was rolled back. One server seals, and
 * remembers what it sealed; the others look now and then.
 */
export class CheckpointMemory {
  readonly #log: LogReader;
  readonly #file: CheckpointFile;
  readonly #events: MemoryEvents;
  #size = -1;
  #newest: StoredCheckpoint | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: LogReader, file: CheckpointFile, events: MemoryEvents) {
    this.#log = log;
    this.#file = file;
    this.#events = events;
  }

  /** The size of the last checkpoint that was seen; -1 before the first. */
  get size(): number {
    return this.#newest?.size ?? this.#size;
  }

  start(periodMs: number): void {
    this.#timer = setInterval(() => void this.look(), periodMs).unref();
  }

  /** Remembers a checkpoint. Writes at most one file at a time; of those that come meanwhile, the last. */
  remember(checkpoint: StoredCheckpoint): void {
    if (checkpoint.size <= this.size) return;
    this.#newest = checkpoint;
    this.#events.onSeen(checkpoint);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async look(): Promise<void> {
    try {
      const last = await this.#log.lastCheckpoint();
      if (last) this.remember(last);
    } catch (error) {
      this.#events.onError(error);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#newest) {
      const { size, note } = this.#newest;
      this.#newest = undefined;
      try {
        await this.#file.write(note);
        this.#size = size;
      } catch (error) {
        this.#events.onError(error);
      }
    }
  }
}
