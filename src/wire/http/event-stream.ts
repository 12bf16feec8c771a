import type { ServerResponse } from 'node:http';

export interface EventStreamBounds {
  readonly heartbeatMs: number;
  readonly slowReaderTimeMs: number;
  readonly bytesBufferedMax: number;
}

export interface SentEvent {
  readonly id: string;
  readonly type: string;
  /** JSON, and so without line breaks. */
  readonly data: string;
}

/**
 * One client's event stream (HTML, section 9.2). Closes a client that does not read once a bound is reached; the client
 * reconnects and resumes.
 */
export class EventStream {
  /** Whether it was closed because the client did not read. */
  slow = false;
  readonly #response: ServerResponse;
  readonly #bounds: EventStreamBounds;
  readonly #holds: () => Promise<boolean>;
  readonly #ended = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  /** Since when the response's buffer is full, in ms of `performance.now()`; 0: it is not. */
  #blockedSince = 0;

  /** @param holds whether the stream may go on; asked at each heartbeat */
  constructor(response: ServerResponse, bounds: EventStreamBounds, holds: () => Promise<boolean>) {
    this.#response = response;
    this.#bounds = bounds;
    this.#holds = holds;
    this.#heartbeat = setInterval(() => {
      // A failure leaves open whether the session holds; the next heartbeat asks again.
      this.#beat().catch(() => undefined);
    }, bounds.heartbeatMs).unref();
    response.on('drain', () => {
      this.#blockedSince = 0;
    });
    response.on('error', () => {});
    response.once('close', () => this.#end());
    if (response.destroyed) this.#end();
  }

  /** Aborts when the stream has ended, whichever side ended it. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  send(events: readonly SentEvent[]): void {
    let text = '';
    for (const { id, type, data } of events) text += `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
    this.#write(text);
  }

  /** Resolves when the client has read what was sent, or the stream has ended. */
  async drained(): Promise<void> {
    if (this.#blockedSince === 0 || this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#response.once('drain', resolve);
      this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Ends the stream after what was written is delivered. */
  close(): void {
    this.#end();
    this.#response.end();
  }

  /** Sends a comment, by which proxies and clients see that the connection lives and by which a lost one is noticed. */
  async #beat(): Promise<void> {
    if (this.#isSlow()) {
      this.slow = true;
      this.#end();
      this.#response.destroy();
    } else if (!(await this.#holds())) this.close();
    else if (this.#blockedSince === 0) this.#write(': \n\n');
  }

  #isSlow(): boolean {
    const { bytesBufferedMax, slowReaderTimeMs } = this.#bounds;
    if (this.#response.writableLength > bytesBufferedMax) return true;
    return this.#blockedSince !== 0 && performance.now() - this.#blockedSince > slowReaderTimeMs;
  }

  #write(text: string): void {
    if (this.signal.aborted) return;
    if (!this.#response.write(text) && this.#blockedSince === 0) this.#blockedSince = performance.now();
  }

  #end(): void {
    clearInterval(this.#heartbeat);
    this.#ended.abort();
  }
}
