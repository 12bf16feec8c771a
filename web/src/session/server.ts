import { type Answer, type Api, makeApi, type OperationName } from '../api/api.ts';
import type { BrowserSession } from '../api/operations.ts';
import { isProblem, ProblemError } from '../api/problem.ts';
import { makeQueryClient } from '../api/query-client.ts';
import { currentLanguage } from '../i18n/texts.ts';
import { parseHash } from '../routing/hash-route.ts';
import { replaceRoute } from '../routing/use-route.ts';
import { askForProof, type Shown } from './step-up.ts';
import { backgroundFields } from './user-activity.ts';

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

/** `api` without step-up. */
export const plainApi = makeApi({
  language: currentLanguage,
  headers(method): Record<string, string> {
    const token = queryClient.getQueryData<BrowserSession | null>(SESSION_KEY)?.csrf_token;
    return {
      ...backgroundFields(),
      ...(method === 'GET' || token === undefined ? {} : { 'x-csrf-token': token }),
    };
  },
});

/** These take what is shown in their own body; for others it is shown to the session. */
const SHOWN_IN_BODY: ReadonlySet<OperationName> = new Set([
  'POST /v1/tokens',
  'POST /v1/enrolments',
  'POST /v1/passkeys',
  'POST /v1/users/current/password',
  'POST /v1/recovery-codes',
] as const);

/**
 * The API on behalf of the logged-in user. The browser sends the cookie; requests that change something carry the CSRF
 * token. A request for which the server wants a fresh code or passkey waits until the user has shown one, and is sent
 * again; if they do not, it fails with that refusal.
 */
export const api: Api = async (name, ...[request, options]) => {
  type Name = typeof name;
  const call = plainApi as (name: OperationName, request?: object, options?: object) => Promise<Answer<Name>>;
  try {
    return await call(name, request, options);
  } catch (error) {
    if (!isProblem(error, 'proof_required')) throw error;
    const inBody = SHOWN_IN_BODY.has(name);
    let answer: Promise<Answer<Name>> | undefined;
    const sent = await askForProof({
      codes: !inBody,
      async send(shown: Shown) {
        if (!inBody) return void (await plainApi('POST /v1/sessions/current/proof', { body: shown }));
        const { body = {} } = (request ?? {}) as { readonly body?: object };
        answer = call(name, { ...request, body: { ...body, ...shown } }, options);
        await answer;
      },
    });
    if (!sent) throw error;
    return answer ?? call(name, request, options);
  }
};

/** Begins the session of who logged in. Operators begin at their own side, unless they followed a link elsewhere. */
export function startSession(session: BrowserSession): void {
  sessionEnd = undefined;
  if (session.role !== 'user' && parseHash(location.hash).length === 0) replaceRoute('operator');
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
