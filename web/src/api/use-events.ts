import { useEffect, useRef, useState } from 'react';
import { EventFollower, type StreamState } from './event-follower.ts';
import type { ServerEvent } from './event-parser.ts';
import type { JournalEntry } from './operations.ts';
import { retryWhenBack } from './retry-when-back.ts';

export interface FollowedEvent extends ServerEvent {
  readonly entry: JournalEntry;
}

export interface EventsOptions {
  /** False to follow nothing, such as before the log-in. */
  readonly enabled: boolean;
  /** Headers with a bearer token. A cookie needs none. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly onEvent: (event: FollowedEvent) => void;
  /** Called when the stream opens for the first time or again. Data read before may be out of date. */
  readonly onOpen: () => void;
}

/** Follows the user's own events. @returns the state of the stream, and a function that reconnects at once */
export function useEvents(options: EventsOptions): {
  readonly state: StreamState;
  readonly retryNow: () => void;
} {
  const [state, setState] = useState<StreamState>('connecting');
  const latest = useRef(options);
  latest.current = options;
  const follower = useRef<EventFollower | undefined>(undefined);
  const { enabled } = options;

  useEffect(() => {
    if (!enabled) return;
    const following = new EventFollower({
      url: '/v1/events',
      headers: () => latest.current.headers?.() ?? {},
      onEvent(event) {
        latest.current.onEvent({ ...event, entry: JSON.parse(event.data) });
      },
      onState(next) {
        setState(next);
        if (next === 'open') latest.current.onOpen();
      },
    });
    follower.current = following;
    const endRetries = retryWhenBack(() => following.retryNow());
    return () => {
      endRetries();
      following.stop();
    };
  }, [enabled]);

  return { state, retryNow: () => follower.current?.retryNow() };
}
