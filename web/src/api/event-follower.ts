import { EventParser, type ServerEvent } from './event-parser.ts';

/** `ended`: the session has ended or may not follow the stream; the follower does not reconnect. */
export type StreamState = 'connecting' | 'open' | 'lost' | 'ended';

export interface EventFollowerOptions {
  readonly url: string;
  /** The follower's credentials. Called before each connection. */
  readonly headers: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly onEvent: (event: ServerEvent) => void;
  /** Called when the state changes. At `open` after `lost`, data read before may be out of date. */
  readonly onState: (state: StreamState) => void;
  /** Bounds that tests lower. Unit: ms */
  readonly waitMsMin?: number;
  readonly waitMsMax?: number;
  readonly silenceMsMax?: number;
}

const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15_000;
/** The server sends a comment every 15 s (src/limits.ts `heartbeatMs`). */
const SILENCE_MS_MAX = 45_000;

/**
 * Follows a stream of server-sent events until it is stopped. Reconnects with growing, jittered pauses, sends
 * `Last-Event-ID`, and treats a silent connection as lost. `EventSource` can neither send a bearer token nor tell an
 * ended session from an unreachable server.
 *
 * Why: docs/DECISIONS.md#event-streams-are-read-by-fetch
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

  /** Reconnects without waiting for the pause to end. */
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

  /**
   * Follows one connection until it breaks.
   * @returns `ended` if the follower must stop, else the pause that the server asked for (ms)
   */
  async #follow(): Promise<'ended' | number> {
    const { url, headers, silenceMsMax = SILENCE_MS_MAX } = this.#options;
    const connection = new AbortController();
    this.#connection = connection;
    // The server repeats a partly received event after Last-Event-ID.
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
