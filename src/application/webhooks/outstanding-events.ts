import type { OutstandingState } from './webhook-progress.ts';

/** An event of an endpoint from when it is taken until it is delivered or given up. */
export interface OutstandingEvent extends OutstandingState {
  /** Undefined in an entry that concerns nobody. */
  readonly user: string | undefined;
  /** As the event names it. */
  readonly type: string;
  /** The request's body. */
  readonly json: string;
}

/**
 * The events of one endpoint that are not delivered, in order of their index. Of each user the earliest alone may be sent,
 * and never two at a time: the user's later ones wait for it, other users' go on.
 */
export class OutstandingEvents {
  readonly #events = new Map<number, OutstandingEvent>();
  readonly #underWay = new Set<number>();
  readonly #usersUnderWay = new Set<string | undefined>();
  #isSorted = true;
  #highest = -1;

  get size(): number {
    return this.#events.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  has(index: number): boolean {
    return this.#events.has(index);
  }

  add(event: OutstandingEvent): void {
    if (event.index < this.#highest) this.#isSorted = false;
    this.#highest = Math.max(this.#highest, event.index);
    this.#events.set(event.index, event);
  }

  /** The next event to send now. It is under way until `settle` or `retryAt`. */
  begin(now: number): OutstandingEvent | undefined {
    const behind = new Set<string | undefined>();
    for (const event of this.#inOrder()) {
      if (behind.has(event.user) || this.#usersUnderWay.has(event.user)) continue;
      behind.add(event.user);
      if (event.nextAt > now) continue;
      this.#underWay.add(event.index);
      this.#usersUnderWay.add(event.user);
      return event;
    }
    return undefined;
  }

  /** It is delivered, or given up: it is outstanding no more. */
  settle({ index, user }: OutstandingEvent): void {
    this.#events.delete(index);
    this.#underWay.delete(index);
    this.#usersUnderWay.delete(user);
  }

  /** It is sent again at `changed.nextAt`. */
  retry(changed: OutstandingEvent): void {
    this.#events.set(changed.index, changed);
    this.#underWay.delete(changed.index);
    this.#usersUnderWay.delete(changed.user);
  }

  /** Makes an event due at once. */
  hasten(now: number, index: number): void {
    const event = this.#events.get(index);
    if (event && !this.#underWay.has(index) && event.nextAt > now)
      this.#events.set(index, { ...event, nextAt: now });
  }

  /** Shortens the pauses of what failed before. @param pauseMs the longest that is left, by the attempts so far */
  shorten(now: number, pauseMs: (attempts: number) => number): void {
    for (const event of this.#events.values()) {
      const latest = now + pauseMs(event.attempts);
      if (!this.#underWay.has(event.index) && event.nextAt > latest)
        this.#events.set(event.index, { ...event, nextAt: latest });
    }
  }

  /** Forgets what is not under way, from an index on. */
  dropFrom(index: number): void {
    for (const event of this.#events.values()) {
      if (event.index >= index && !this.#underWay.has(event.index)) this.#events.delete(event.index);
    }
  }

  /** When an event is due next, ms since 1970; Infinity: nothing waits for its time. */
  nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { index, nextAt } of this.#events.values())
      if (!this.#underWay.has(index)) next = Math.min(next, nextAt);
    return next;
  }

  states(): OutstandingState[] {
    return [...this.#inOrder()].map(({ index, attempts, firstAt, nextAt }) => ({
      index,
      attempts,
      firstAt,
      nextAt,
    }));
  }

  #inOrder(): Iterable<OutstandingEvent> {
    if (!this.#isSorted) {
      const sorted = [...this.#events.values()].sort((a, b) => a.index - b.index);
      this.#events.clear();
      for (const event of sorted) this.#events.set(event.index, event);
      this.#isSorted = true;
    }
    return this.#events.values();
  }
}
