import { useEffect, useRef, useState } from 'react';
import { EventFollower, type StreamState } from './event-follower.ts';
import type { ServerEvent } from './event-parser.ts';
import type { JournalEntry } from './operations.ts';

export interface FollowedEvent extends ServerEvent {
  readonly entry: JournalEntry;
}

export interface EventsOptions {
  /** Nothing is followed while it is false, such as before a log-in. */
  readonly enabled: boolean;
  /** Of a bearer token; a cookie goes by itself. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly onEvent: (event: FollowedEvent) => void;
  /** The stream is open, for the first time or again: what was read before it may be out of date. */
  readonly onOpen: () => void;
}

/** The person's own events as they happen. @returns the stream's state, and a way to end a pause */
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
    const online = () => following.retryNow();
    const seen = () => {
      if (document.visibilityState === 'visible') following.retryNow();
    };
    addEventListener('online', online);
    document.addEventListener('visibilitychange', seen);
    return () => {
      removeEventListener('online', online);
      document.removeEventListener('visibilitychange', seen);
      following.stop();
    };
  }, [enabled]);

  return { state, retryNow: () => follower.current?.retryNow() };
}
