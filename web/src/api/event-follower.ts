import { EventParser, type ServerEvent } from './event-parser.ts';

/** `ended`: the session holds no more, or may not follow; nothing is tried again. */
export type StreamState = 'connecting' | 'open' | 'lost' | 'ended';

export interface EventFollowerOptions {
  readonly url: string;
  /** Who follows; asked before each connection. */
  readonly headers: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly onEvent: (event: ServerEvent) => void;
  /** `resumed`: after `lost`, whatever was read before may be out of date. */
  readonly onState: (state: StreamState) => void;
  /** Bounds that tests make smaller. Unit: ms */
  readonly waitMsMin?: number;
  readonly waitMsMax?: number;
  readonly silenceMsMax?: number;
}

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15_000;
/** The server sends a comment every 15 s (src/limits.ts `heartbeatMs`). */
const SILENCE_MS_MAX = 45_000;

/**
 * Follows a stream of events for as long as it is not stopped: connects again with a growing, jittered pause, sends
 * `Last-Event-ID`, and takes a silent connection for a lost one. `EventSource` could not send a bearer token, nor tell a
 * session that has ended from a server that is away.
 */
export class EventFollower {
  readonly #options: EventFollowerOptions;
  readonly #stopped = new AbortController();
  #parser = new EventParser();
  #failures = 0;
  #state: StreamState = 'connecting';
  #wake: (() => void) | undefined;
  #connection: AbortController | undefined;

  constructor(options: EventFollowerOptions) {
    this.#options = options;
    options.onState('connecting');
    void this.#run();
  }

  get state(): StreamState {
    return this.#state;
  }

  stop(): void {
    this.#stopped.abort();
    this.#connection?.abort();
    this.#wake?.();
  }

  /** Ends a pause: the network is back, or the person asks for it. */
  retryNow(): void {
    this.#failures = 0;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const outcome = await this.#follow();
      if (this.#stopped.signal.aborted) return;
      if (outcome === 'ended') return this.#become('ended');
      this.#become('lost');
      await this.#pause(outcome);
    }
  }

  #become(state: StreamState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state);
  }

  /** One connection. @returns that it is over for good, or how long the server asked to wait (ms) */
  async #follow(): Promise<'ended' | number> {
    const { url, headers, silenceMsMax = SILENCE_MS_MAX } = this.#options;
    const connection = new AbortController();
    this.#connection = connection;
    // What was half read before is sent again after Last-Event-ID.
    const { lastEventId } = this.#parser;
    this.#parser = new EventParser();
    this.#parser.lastEventId = lastEventId;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => connection.abort(), silenceMsMax);
    };
    try {
      heard();
      const response = await fetch(url, {
        headers: {
          accept: 'text/event-stream',
          ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
          ...(await headers()),
        },
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        signal: connection.signal,
      });
      if (response.status === 401 || response.status === 403) return 'ended';
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        return Number(response.headers.get('retry-after') ?? 0) * 1000;
      }
      this.#failures = 0;
      this.#become('open');
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 0;
        heard();
        for (const event of this.#parser.push(value)) this.#options.onEvent(event);
      }
    } catch {
      return 0;
    } finally {
      clearTimeout(silence);
      connection.abort();
    }
  }

  async #pause(askedMs: number): Promise<void> {
    const { waitMsMin = WAIT_MS_MIN, waitMsMax = WAIT_MS_MAX } = this.#options;
    const grown = Math.min(waitMsMax, waitMsMin * 2 ** this.#failures++);
    const waitMs = Math.max(grown * (0.5 + Math.random() / 2), Math.min(askedMs, waitMsMax));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
