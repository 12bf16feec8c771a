import type { Limits } from '../../limits.ts';
import type { OutgoingEvent, SinkFailure, SinkSession, SinkStart } from '../../ports/event-sink.ts';
import type { SyslogConnection } from './connection.ts';
import { frame } from './message.ts';

export interface SessionOptions {
  readonly connect: (onLost: (error: SinkFailure) => void) => Promise<SyslogConnection>;
  readonly format: (event: OutgoingEvent) => string;
  readonly limits: Pick<Limits, 'syslogSegmentEventsMax' | 'syslogSegmentMs' | 'syslogSettleMs'>;
}

const WRITE_BYTES = 65_536;

/**
 * Sends events in segments: after some, the stream is ended, and the server's own end of it says that it has read them. A
 * segment counts as arrived only once the server still answered a while later (`syslogSettleMs`, or the next segment), since
 * one that is killed loses what it had read and not yet written. Everything after the last that arrived is sent again.
 *
 * Why: docs/DECISIONS.md#syslog-arrivals-are-inferred
 */
export class SyslogSession implements SinkSession {
  readonly #start: Pick<SinkStart, 'acknowledged' | 'failed'>;
  readonly #options: SessionOptions;
  #connection: SyslogConnection;
  #isOver = false;
  /** Of the segment under way; -1: nothing was sent in it. */
  #sent = -1;
  #count = 0;
  /** Read by the server, and not yet old enough to count. -1: none. */
  #settling = -1;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the timer is for the end of a segment; else it is for settling. */
  #isSegmentTimed = false;
  /** Runs one thing at a time: writing, or ending a segment. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    connection: SyslogConnection,
    start: Pick<SinkStart, 'acknowledged' | 'failed'>,
    options: SessionOptions,
  ) {
    this.#connection = connection;
    this.#start = start;
    this.#options = options;
  }

  lost(error: SinkFailure): void {
    this.#fail(error);
  }

  send(events: readonly OutgoingEvent[]): Promise<void> {
    return this.#inTurn(() => this.#write(events));
  }

  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#connection.close();
    await this.#turn.catch(() => undefined);
  }

  async #write(events: readonly OutgoingEvent[]): Promise<void> {
    let waiting: Buffer[] = [];
    let bytes = 0;
    const flush = async () => {
      if (waiting.length === 0) return;
      await this.#connection.write(Buffer.concat(waiting));
      waiting = [];
      bytes = 0;
    };
    for (const event of events) {
      if (this.#isOver) return;
      const framed = frame(this.#options.format(event));
      waiting.push(framed);
      bytes += framed.byteLength;
      this.#sent = event.index;
      if (bytes >= WRITE_BYTES) await flush();
      if (++this.#count >= this.#options.limits.syslogSegmentEventsMax) {
        await flush();
        await this.#endSegment();
      }
    }
    await flush();
    this.#later();
  }

  /** Later ends the segment, or lets the last one settle, when nothing more comes. */
  #later(): void {
    // A segment ends some time after its first event, however many come.
    if (this.#isSegmentTimed && this.#sent >= 0) return;
    clearTimeout(this.#timer);
    this.#isSegmentTimed = false;
    if (this.#isOver || (this.#sent < 0 && this.#settling < 0)) return;
    const { syslogSegmentMs, syslogSettleMs } = this.#options.limits;
    const waitMs = this.#sent < 0 ? syslogSettleMs : syslogSegmentMs;
    this.#isSegmentTimed = this.#sent >= 0;
    this.#timer = setTimeout(() => {
      this.#isSegmentTimed = false;
      this.#inTurn(() => this.#idle()).catch(() => undefined);
    }, waitMs);
  }

  async #idle(): Promise<void> {
    if (this.#isOver) return;
    if (this.#sent >= 0) await this.#endSegment();
    else this.#arrived();
    this.#later();
  }

  async #endSegment(): Promise<void> {
    const last = this.#sent;
    await this.#connection.finish();
    if (this.#isOver) return;
    // The server still answers: what it had read before has arrived.
    this.#arrived();
    this.#settling = last;
    this.#sent = -1;
    this.#count = 0;
    this.#connection = await this.#options.connect((error) => this.lost(error));
    if (this.#isOver) this.#connection.close();
  }

  #arrived(): void {
    if (this.#settling < 0 || this.#isOver) return;
    this.#start.acknowledged(this.#settling);
    this.#settling = -1;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch((error) => this.#fail(error as Error));
    return done;
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#connection.close();
    this.#start.failed(error);
  }
}
