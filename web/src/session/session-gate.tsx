import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { BrowserSession } from '../api/operations.ts';
import { ProblemError } from '../api/problem.ts';
import { ProblemNote } from '../design/problem-note.tsx';
import { api, discardData, SESSION_KEY } from './server.ts';
import styles from './session-gate.module.css';

const Current = createContext<BrowserSession | undefined>(undefined);

/** Returns the current session. Only within `SessionGate`. The server decides what the role may do. */
export function useSession(): BrowserSession {
  const session = useContext(Current);
  if (!session) throw new Error('there is no session here');
  return session;
}

/** Renders the children for a logged-in user, else the log-in. */
export function SessionGate({
  logIn,
  children,
}: {
  readonly logIn: ReactNode;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery({
    queryKey: SESSION_KEY,
    queryFn: async ({ signal }) => {
      try {
        return await api('GET /v1/sessions/current', {}, { signal });
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
    // Another tab may have logged out or logged in as another user: all tabs share the cookie.
    refetchOnWindowFocus: 'always',
  });
  const identity = data ? (data.csrf_token ?? data.username) : undefined;
  const before = useRef(identity);
  useEffect(() => {
    if (before.current !== undefined && before.current !== identity) discardData();
    before.current = identity;
  }, [identity]);
  if (data === null) return logIn;
  if (data) {
    return (
      <Current key={identity} value={data}>
        {children}
      </Current>
    );
  }
  return (
    <main className={styles.waiting}>
      {error ? <ProblemNote error={error} onRetry={() => refetch()} /> : <Loader aria-label={t('loading')} />}
    </main>
  );
}
