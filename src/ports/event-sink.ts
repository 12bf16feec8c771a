/**
 * A receiver of the sealed journal: a broker, a webhook endpoint, a syslog server. It keeps no position: the relay does
 * (src/application/relay), which opens a session from there, gives it events, and opens another after any failure.
 * Events therefore arrive at least once; a sink that can tell a repetition by its index drops it.
 */
export interface EventSink {
  /** Of the sink's position and lease, and what operators see: `pulsar`, `syslog`, `webhook:<id>`. Never changes. */
  readonly name: string;
  /**
   * Whether an event that its types leave out is given as a marker (`withheld`) with an index and a hash alone, for
   * receivers that need every index. Otherwise it is skipped. Why: docs/DECISIONS.md#what-does-not-leave-is-marked-on-pulsar
   */
  readonly needsEveryIndex?: boolean;
  /** Where it begins that has no position yet. Default: the first entry of the log. */
  firstIndex?(): Promise<number>;
  /** Connects, and checks that the receiver keeps its promises. @throws SinkFailure */
  open(start: SinkStart): Promise<SinkSession>;
}

export interface SinkStart {
  /** The index of the first event that is not known to be acknowledged. */
  readonly next: number;
  /**
   * Whether the receiver may be new and empty: nothing was delivered yet, or an operator set the position. Otherwise one
   * that lacks what was delivered has lost it.
   */
  readonly mayBeNew: boolean;
  /** Finds the hash of a sealed entry (lower-case hex), to compare with what the receiver has. */
  readonly hashAt: (index: number) => Promise<string | undefined>;
  /** Called by the session: every given event up to this index is safe at the receiver. The index never decreases. */
  readonly acknowledged: (index: number) => void;
  /** Called by the session when it can go on no more, at most once. The relay closes it and opens another, after a pause. */
  readonly failed: (failure: Error) => void;
}

export interface SinkSession {
  /**
   * Takes events in order of their index. Resolves when the session takes more, which is its back-pressure, and does NOT
   * wait for their acknowledgement. Must reject or resolve once `close` is called.
   * @throws SinkFailure
   */
  send(events: readonly OutgoingEvent[]): Promise<void>;
  /** Ends at once, without waiting for acknowledgements. Nothing is acknowledged after it. Does not throw. */
  close(): Promise<void>;
}

/** A sealed entry in the form in which it leaves. */
export interface OutgoingEvent {
  /** Its place in the log, from 0. */
  readonly index: number;
  /** `sello.` and the entry's type, or `sello.withheld`. */
  readonly type: string;
  /** The user's name; undefined in a marker. */
  readonly user: string | undefined;
  /** ms since 1970 */
  readonly at: number;
  /** Of the entry as it stands in the journal, lower-case hex. */
  readonly hash: string;
  /** RFC 8785 JSON of the entry's body, without the fields that are left out; undefined in a marker. */
  readonly body: string | undefined;
  /** All of it as CloudEvents 1.0 in JSON. */
  readonly json: string;
}

/** `unreachable` and `slow` may pass by themselves; an operator has to mend the others. All are tried again. */
export type SinkProblem =
  | 'unreachable'
  | 'slow'
  | 'refused'
  | 'unauthorised'
  | 'misconfigured'
  | 'taken'
  | 'event_too_large'
  | 'diverged';

/**
 * Why a session could not be opened, or ended. `message` tells the operator what to do.
 *
 * Why none skips an event: docs/DECISIONS.md#a-sink-fails-rather-than-skips
 */
export class SinkFailure extends Error {
  override name = 'SinkFailure';
  readonly problem: SinkProblem;

  constructor(problem: SinkProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}
