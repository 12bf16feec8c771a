import { Lines } from './lines.ts';
import type { Client, Meter } from './load.ts';

/** The next line to send, given the last answer. `done`: that answer completed an operation. */
export interface Turn {
  readonly send: string;
  readonly done?: boolean;
  readonly failed?: boolean;
}

/** Returns the next turn of a conversation. An empty `send` ends it. */
export type Conversation = (answer: string | undefined) => Turn | undefined;

/** Sends a line, waits for its answer, then sends the next, like a client of the protocol's first version. */
export class TurnsClient implements Client {
  readonly #port: number;
  readonly #meter: Meter;
  readonly #converse: Conversation;
  #begunAt = 0;
  #waiting = false;
  #stopped: (() => void) | undefined;
  #lines: Lines | undefined;

  constructor(port: number, meter: Meter, converse: Conversation) {
    this.#port = port;
    this.#meter = meter;
    this.#converse = converse;
  }

  async start(): Promise<void> {
    this.#lines = await Lines.connect(
      this.#port,
      (line) => this.#next(line),
      (error) => this.#meter.failed(error.message),
    );
    this.#begunAt = performance.now();
    this.#next(undefined);
  }

  async stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    if (!this.#waiting) this.#stopped?.();
    await stopped;
    this.#lines?.close();
  }

  /** Resolves when the conversation has ended. */
  get finished(): boolean {
    return !this.#waiting;
  }

  #next(answer: string | undefined): void {
    this.#waiting = false;
    const turn = this.#converse(answer);
    if (turn?.failed) this.#meter.failed(answer ?? '');
    if (turn?.done) {
      this.#meter.done(this.#begunAt);
      this.#begunAt = performance.now();
    }
    if (this.#stopped) this.#stopped();
    else if (turn && turn.send !== '') {
      this.#waiting = true;
      this.#lines?.send(turn.send);
    }
  }
}
