export interface ServerEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Longer than any event of the server. Unit: characters */
const EVENT_LENGTH_MAX = 65_536;

/** Parses text/event-stream (HTML Living Standard, section 9.2.6) in chunks. */
export class EventParser {
  #rest = '';
  #type = '';
  #data: string[] = [];
  #length = 0;
  #id: string | undefined;
  /** Id of the last complete event. The server repeats later ones. */
  lastEventId: string | undefined;
  /** Reconnection time that the server asked for. Unit: ms */
  retryMs: number | undefined;

  /**
   * Parses the next chunk.
   * @returns the events that it completes
   * @throws RangeError when a line or an event exceeds EVENT_LENGTH_MAX
   */
  push(text: string): readonly ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > EVENT_LENGTH_MAX) throw new RangeError('a line without an end');
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#complete();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this.#length += value.length;
      if (this.#length > EVENT_LENGTH_MAX) throw new RangeError('an event without an end');
      this.#data.push(value);
    } else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^[0-9]{1,9}$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #complete(): ServerEvent | undefined {
    const [type, data] = [this.#type, this.#data];
    this.#type = '';
    this.#data = [];
    this.#length = 0;
    this.lastEventId = this.#id ?? this.lastEventId;
    if (data.length === 0) return undefined;
    return { id: this.lastEventId ?? '', type: type === '' ? 'message' : type, data: data.join('\n') };
  }
}
