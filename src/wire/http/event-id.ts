/**
 * The id of an event on `/v1/events`, by which a client resumes on whatever server. `log-N`: everything of the caller's among
 * the first N entries of the log was sent, so that it goes on with index N. Ids of versions before are accepted too: a bare
 * number is an auditor's N, and the version of a user's own entry; a user's entry is sent under its version while it has
 * no place in the log yet.
 *
 * Why: docs/DECISIONS.md#event-streams-are-resumed-by-the-logs-index
 */
export type EventPlace = { readonly logSize: number } | { readonly number: number };

const NUMBER = '(0|[1-9][0-9]{0,15})';
const LOG = new RegExp(`^log-${NUMBER}$`);
const BARE = new RegExp(`^${NUMBER}$`);

/** @returns undefined where it is none */
export function parseEventId(id: string): EventPlace | undefined {
  const logSize = LOG.exec(id)?.[1];
  if (logSize !== undefined) return { logSize: Number(logSize) };
  return BARE.test(id) ? { number: Number(id) } : undefined;
}

export function eventId(logSize: number): string {
  return `log-${logSize}`;
}
