import type { Context } from '../../application/context.ts';
import { followJournal, followUser } from '../../application/journal/follow-journal.ts';
import { versionAt } from '../../application/journal/version-at.ts';
import { allows } from '../../application/services/scopes.ts';
import { isSessionValid, type Session } from '../../application/sessions/session.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import { authenticate } from './authenticate.ts';
import { type Caller, callerId, type ServiceCaller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { eventId, parseEventId } from './event-id.ts';
import type { RouteRequest } from './route.ts';

/** What a service needs to follow the events of its transactions. */
export const EVENTS_SCOPE = 'transactions:read';

type Headers = RouteRequest<never, never, never, 'anyone'>['headers'];

/** What a stream sends: entries from a position on, while the caller's credentials hold. */
export interface Feed {
  readonly all: boolean;
  /** The id of where it starts, sent first, so that a stream cut before its first event is resumed without a gap. */
  readonly startId: string;
  idOf(entry: JournalEntry): string;
  entries(signal: AbortSignal): AsyncIterable<readonly JournalEntry[]>;
  /**
   * Whether the caller's credentials still hold. Called at each heartbeat and after entries that may have ended them.
   */
  holds(entries: readonly JournalEntry[]): Promise<boolean>;
}

function lastSeenOf(headers: Headers): string | undefined | Refusal {
  const given = headers['last-event-id'];
  if (given === undefined || (typeof given === 'string' && given !== '')) return given;
  return wrongId();
}

function wrongId(): Refusal {
  return refuse('message_invalid', { detail: 'Last-Event-ID: the id of an event' });
}

/** All entries, for an auditor. */
async function auditorFeed(
  { context, serviceEvents }: HttpDependencies,
  session: Session,
  lastSeen: string | undefined,
): Promise<Feed | Refusal> {
  const end = await serviceEvents.lastPosition();
  const after = lastSeen === undefined ? end : logSizeOf(lastSeen, end);
  if (isRefusal(after)) return after;
  return {
    all: true,
    startId: eventId(after),
    idOf: ({ position }) => eventId(position),
    entries: (signal) => followJournal(context, after, signal),
    holds: (entries) => holdsAfter(context, session, entries),
  };
}

/** @param end the log's size as every server knows it */
function logSizeOf(id: string, end: number): number | Refusal {
  const place = parseEventId(id);
  if (!place) return wrongId();
  return within('logSize' in place ? place.logSize : place.number, end);
}

/** A size beyond the end would miss entries. */
function within(size: number, end: number): number | Refusal {
  return size > end ? wrongId() : size;
}

/** A user's own entries. */
async function userFeed(
  dependencies: HttpDependencies,
  session: Session,
  lastSeen: string | undefined,
): Promise<Feed | Refusal> {
  const { context } = dependencies;
  const { userId } = session;
  const after =
    lastSeen === undefined
      ? await versionOf(context, userId)
      : await versionAfter(dependencies, userId, lastSeen);
  if (isRefusal(after)) return after;
  return {
    all: false,
    startId: `${after}`,
    idOf: ({ position, version }) => (position > 0 ? eventId(position) : `${version}`),
    entries: (signal) => followUser(context, userId, after, signal),
    holds: (entries) => holdsAfter(context, session, entries),
  };
}

/** @returns the version of the user's last entry that was seen */
async function versionAfter(
  { context, serviceEvents }: HttpDependencies,
  userId: number,
  lastSeen: string,
): Promise<number | Refusal> {
  const place = parseEventId(lastSeen);
  if (!place) return wrongId();
  if ('logSize' in place) {
    const size = within(place.logSize, await serviceEvents.lastPosition());
    return isRefusal(size) ? size : versionAt(context.store, userId, size);
  }
  const isKnown =
    place.number <= (await versionOf(context, userId)) ||
    // Another server may have sent an id that is not known here yet.
    place.number <= ((await context.userCache.reload(userId))?.version ?? 0);
  return isKnown ? place.number : wrongId();
}

async function versionOf({ userCache }: Context, userId: number): Promise<number> {
  return (await userCache.getOrLoad(userId))?.version ?? 0;
}

/** Whether the session holds after these entries. Entries about other users do not affect it. */
async function holdsAfter(
  context: Context,
  session: Session,
  entries: readonly JournalEntry[],
): Promise<boolean> {
  const own = entries.filter(({ userId }) => userId === session.userId).at(-1);
  return entries.length > 0 && !own ? true : sessionStillHolds(context, session, own?.version ?? 0);
}

/** @param version the version of an entry of this user; a user in memory that is older is reloaded */
async function sessionStillHolds(
  { decider, userCache, sessionUses }: Context,
  session: Session,
  version: number,
): Promise<boolean> {
  let user = await userCache.getOrLoad(session.userId);
  if (user && user.version < version) {
    userCache.invalidate([session.userId]);
    user = await userCache.getOrLoad(session.userId);
  }
  const at = decider.now();
  if (sessionUses.isIdle(session)) return false;
  return session.expiresAt > at && user !== undefined && isSessionValid(user, session.sessionId, at);
}

/** Entries about the transactions that the service asked for. */
async function serviceFeed(
  dependencies: HttpDependencies,
  caller: ServiceCaller,
  lastSeen: string | undefined,
  headers: Headers,
): Promise<Feed | Refusal> {
  const { serviceEvents } = dependencies;
  const end = await serviceEvents.lastPosition();
  const after = lastSeen === undefined ? end : await serviceLogSizeOf(dependencies, caller, lastSeen, end);
  if (isRefusal(after)) return after;
  const { serviceId } = caller.service;
  return {
    all: false,
    startId: eventId(after),
    idOf: ({ position }) => eventId(position),
    entries: (signal) => serviceEvents.follow(serviceId, after, signal),
    holds: async () => {
      const now = await authenticate(dependencies, { method: 'GET', headers, secure: true, waitMs: 0 });
      return (
        now !== undefined &&
        !isRefusal(now) &&
        now.kind === 'service' &&
        allows(now.service.scopes, EVENTS_SCOPE)
      );
    },
  };
}

/** @returns the size of the log up to where the service has seen its events */
async function serviceLogSizeOf(
  { cursors }: HttpDependencies,
  caller: ServiceCaller,
  lastSeen: string,
  end: number,
): Promise<number | Refusal> {
  const place = parseEventId(lastSeen);
  if (place) return 'logSize' in place ? within(place.logSize, end) : wrongId();
  // Versions before gave services the same number, authenticated.
  const before = await cursors.read(['events', callerId(caller)], lastSeen);
  return isRefusal(before) ? wrongId() : logSizeOf(before ?? '', end);
}

/** The feed of a caller, from their `Last-Event-ID` on; without one, from now on. */
export function feedOf(
  dependencies: HttpDependencies,
  caller: Caller,
  headers: Headers,
): Promise<Feed | Refusal> | Refusal {
  const lastSeen = lastSeenOf(headers);
  if (isRefusal(lastSeen)) return lastSeen;
  if (caller.kind === 'service') return serviceFeed(dependencies, caller, lastSeen, headers);
  return (caller.session.role === 'auditor' ? auditorFeed : userFeed)(dependencies, caller.session, lastSeen);
}
