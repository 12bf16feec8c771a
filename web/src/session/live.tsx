import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { StreamState } from '../api/event-follower.ts';
import { type FollowedEvent, useEvents } from '../api/use-events.ts';
import { endSession, SESSION_KEY } from './server.ts';
import { useSession } from './session-gate.tsx';
import { BACKGROUND } from './user-activity.ts';

type Listener = (event: FollowedEvent) => void;

interface Live {
  readonly state: StreamState;
  readonly retryNow: () => void;
  /** Time of the last reconnection, in ms since 1970. */
  readonly recoveredAt: number | undefined;
  readonly listen: (listener: Listener) => () => void;
}

const LiveContext = createContext<Live | undefined>(undefined);

/** Query keys that an event invalidates, by the first word of its type. */
const AFFECTED: Readonly<Record<string, readonly string[]>> = {
  transaction: ['transactions', 'transaction', 'journal'],
  token: ['tokens', 'sessions', 'passkeys', 'journal'],
  code: ['tokens', 'journal'],
  login: ['sessions', 'journal'],
  session: ['sessions', 'journal'],
};

/** Events within this time invalidate their queries together. Unit: ms */
const GATHER_MS = 60;

/** Follows the user's events once for the whole page, and invalidates the queries that they affect. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queryClient = useQueryClient();
  const { username } = useSession();
  const listeners = useRef(new Set<Listener>());
  const [recoveredAt, setRecoveredAt] = useState<number>();
  const opened = useRef(false);

  const affected = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const readAgain = () => {
    timer.current = undefined;
    for (const key of affected.current) void queryClient.invalidateQueries({ queryKey: [key] });
    affected.current.clear();
  };
  useEffect(() => {
    return () => clearTimeout(timer.current);
  }, []);

  const { state, retryNow } = useEvents({
    enabled: true,
    headers: () => BACKGROUND,
    onEvent(event) {
      // An auditor receives everybody's events; these queries hold their own data.
      if (event.entry.body.user === username) {
        for (const key of AFFECTED[event.type.split('.')[0] ?? ''] ?? ['journal']) affected.current.add(key);
        timer.current ??= setTimeout(readAgain, GATHER_MS);
      }
      for (const listener of listeners.current) listener(event);
    },
    onOpen() {
      // Events may have been missed before the stream opened or while it was lost.
      const others = {
        predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== SESSION_KEY[0],
      };
      if (opened.current) {
        setRecoveredAt(Date.now());
        void queryClient.invalidateQueries();
      } else void queryClient.invalidateQueries(others);
      opened.current = true;
    },
  });

  useEffect(() => {
    if (state === 'ended') endSession('ended');
  }, [state]);

  const live = useMemo<Live>(
    () => ({
      state,
      retryNow,
      recoveredAt,
      listen(listener) {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [state, recoveredAt, retryNow],
  );
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('nothing is followed here');
  return live;
}
