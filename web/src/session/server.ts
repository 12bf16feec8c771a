import { makeApi } from '../api/api.ts';
import type { BrowserSession } from '../api/operations.ts';
import { ProblemError } from '../api/problem.ts';
import { makeQueryClient } from '../api/query-client.ts';
import { currentLanguage } from '../i18n/texts.ts';

/** Under which the session is kept; `null`: nobody is logged in. */
export const SESSION_KEY = ['session'] as const;

export const queryClient = makeQueryClient((error) => {
  if (!(error instanceof ProblemError)) return;
  if (error.code === 'session_ended' || error.code === 'session_required') {
    if (queryClient.getQueryData<BrowserSession | null>(SESSION_KEY)) leave('ended');
  } else if (error.code === 'csrf_invalid') {
    // The cookie is another session's by now.
    void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  }
});

/** Why the entrance is shown: the person left, or the session ended of itself. */
export let leftBecause: 'ended' | 'left' | undefined;

/** The API as whoever is logged in: the cookie goes by itself, the CSRF token beside what changes something. */
export const api = makeApi({
  language: currentLanguage,
  headers(method): Record<string, string> {
    const token = queryClient.getQueryData<BrowserSession | null>(SESSION_KEY)?.csrf_token;
    return method === 'GET' || token === undefined ? {} : { 'x-csrf-token': token };
  },
});

export function enter(session: BrowserSession): void {
  leftBecause = undefined;
  forget();
  queryClient.setQueryData(SESSION_KEY, session);
}

export function leave(because: 'ended' | 'left'): void {
  leftBecause = because;
  forget();
  queryClient.setQueryData(SESSION_KEY, null);
}

/** Nothing of what was read stays in memory, but that the session is looked at: its observer must not be lost. */
export function forget(): void {
  const read = {
    predicate: ({ queryKey }: { readonly queryKey: readonly unknown[] }) => queryKey[0] !== SESSION_KEY[0],
  };
  void queryClient.cancelQueries(read);
  queryClient.removeQueries(read);
}
