// Reads server-sent events as a browser does.
import type { Json } from './http-fixture.ts';

export interface ReadEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
}

/** Reads server-sent events as a browser does, but gives each with its id. */
export class EventReader {
  readonly events: ReadEvent[] = [];
  readonly ended: Promise<void>;
  readonly status: number;
  comments = 0;
  /** The last id that was sent, of an event or of the stream's start. */
  lastId: string | undefined;
  readonly #abort: AbortController;
  #wake: () => void = () => {};

  private constructor(response: Response, abort: AbortController) {
    this.#abort = abort;
    this.status = response.status;
    this.ended = this.#read(response).catch(() => undefined);
  }

  static async open(url: string, headers: Record<string, string>): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    return new EventReader(response, abort);
  }

  close(): void {
    this.#abort.abort();
  }

  /** Until there are so many. */
  async until(count: number, timeMs = 5_000): Promise<readonly ReadEvent[]> {
    const deadline = performance.now() + timeMs;
    while (this.events.length < count) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${this.events.length} of ${count} events in ${timeMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.events;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  #take(block: string): void {
    const fields = Object.fromEntries(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    if ('' in fields) this.comments++;
    this.lastId = fields.id ?? this.lastId;
    if (fields.data === undefined) return;
    this.events.push({ id: fields.id ?? '', type: fields.event ?? '', data: JSON.parse(fields.data) });
    this.#wake();
  }
}
