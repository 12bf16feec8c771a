import { makeApi } from '../api/api.ts';
import type { BrowserSession } from '../api/operations.ts';
import { ProblemError } from '../api/problem.ts';
import { makeQueryClient } from '../api/query-client.ts';
import { currentLanguage } from '../i18n/texts.ts';

/** Query key of the session; its data is `null` while nobody is logged in. */
export const SESSION_KEY = ['session'] as const;

export const queryClient = makeQueryClient((error) => {
  if (!(error instanceof ProblemError)) return;
  if (error.code === 'session_ended' || error.code === 'session_required') {
    if (queryClient.getQueryData<BrowserSession | null>(SESSION_KEY)) endSession('ended');
  } else if (error.code === 'csrf_invalid') {
    // The cookie belongs to another session by now.
    void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  }
});

/** Why the log-in is shown: the user logged out, or the session ended. */
export let sessionEnd: 'ended' | 'left' | undefined;

/**
 * The API on behalf of the logged-in user. The browser sends the cookie; requests that change something carry the CSRF
 * token.
 */
export const api = makeApi({
  language: currentLanguage,
  headers(method): Record<string, string> {
    const token = queryClient.getQueryData<BrowserSession | null>(SESSION_KEY)?.csrf_token;
    return method === 'GET' || token === undefined ? {} : { 'x-csrf-token': token };
  },
});

export function startSession(session: BrowserSession): void {
  sessionEnd = undefined;
  discardData();
  queryClient.setQueryData(SESSION_KEY, session);
}

export function endSession(reason: 'ended' | 'left'): void {
  sessionEnd = reason;
  discardData();
  queryClient.setQueryData(SESSION_KEY, null);
}

/** Discards all data read so far except the session itself, whose query must keep its observers. */
export function discardData(): void {
  const read = {
    predicate: ({ queryKey }: { readonly queryKey: readonly unknown[] }) => queryKey[0] !== SESSION_KEY[0],
  };
  void queryClient.cancelQueries(read);
  queryClient.removeQueries(read);
}
