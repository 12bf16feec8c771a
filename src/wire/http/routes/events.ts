import type { Context } from '../../../application/context.ts';
import { followJournal, followUser } from '../../../application/journal/follow-journal.ts';
import { allows } from '../../../application/services/scopes.ts';
import { isSessionValid, type Session } from '../../../application/sessions/session.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import type { JournalEntry } from '../../../ports/journal-reader.ts';
import { authenticate } from '../authenticate.ts';
import { type Caller, callerId, type ServiceCaller } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { EventStream } from '../event-stream.ts';
import { entryView } from '../journal-view.ts';
import { type RouteRequest, route } from '../route.ts';

const EVENT_ID = /^(0|[1-9][0-9]{0,15})$/;
const RECONNECT_MS = 1_000;
const SCOPE = 'transactions:read';

type Headers = RouteRequest<never, never, never, 'anyone'>['headers'];

/** What a stream sends: entries from a position on, while the caller's credentials hold. */
interface Feed {
  readonly all: boolean;
  /** The id of where it starts, sent first, so that a stream cut before its first event is resumed without a gap. */
  readonly startId: string;
  idOf(entry: JournalEntry): string | Promise<string>;
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

/** A user's own entries; for an auditor all entries. */
async function userFeed(
  { context, serviceEvents }: HttpDependencies,
  session: Session,
  lastSeen: string | undefined,
): Promise<Feed | Refusal> {
  if (lastSeen !== undefined && !EVENT_ID.test(lastSeen)) return wrongId();
  const { userId } = session;
  const all = session.role === 'auditor';
  const end = await (all ? serviceEvents.lastPosition() : versionOf(context, userId));
  const after = lastSeen === undefined ? end : Number(lastSeen);
  // A position beyond the end would miss entries, but another server may have sent an id that is not known here yet.
  const isBeyond = after > end && (all || after > ((await context.userCache.reload(userId))?.version ?? 0));
  if (isBeyond) return wrongId();
  return {
    all,
    startId: `${after}`,
    idOf: ({ position, version }) => `${all ? position : version}`,
    entries: (signal) =>
      all ? followJournal(context, after, signal) : followUser(context, userId, after, signal),
    holds: async (entries) => {
      const own = entries.filter((entry) => entry.userId === userId).at(-1);
      // Entries about other users do not affect the session.
      return entries.length > 0 && !own ? true : sessionStillHolds(context, session, own?.version ?? 0);
    },
  };
}

async function versionOf({ userCache }: Context, userId: number): Promise<number> {
  return (await userCache.getOrLoad(userId))?.version ?? 0;
}

/** @param version the version of an entry of this user; a user in memory that is older is reloaded */
async function sessionStillHolds(
  { decider, userCache }: Context,
  session: Session,
  version: number,
): Promise<boolean> {
  let user = await userCache.getOrLoad(session.userId);
  if (user && user.version < version) {
    userCache.invalidate([session.userId]);
    user = await userCache.getOrLoad(session.userId);
  }
  const at = decider.now();
  return session.expiresAt > at && user !== undefined && isSessionValid(user, session.sessionId, at);
}

/** Entries about the transactions that the service asked for. */
async function serviceFeed(
  dependencies: HttpDependencies,
  caller: ServiceCaller,
  lastSeen: string | undefined,
  headers: Headers,
): Promise<Feed | Refusal> {
  const { serviceEvents, cursors } = dependencies;
  const list = ['events', callerId(caller)];
  const sortKey = await cursors.read(list, lastSeen);
  if (isRefusal(sortKey)) return wrongId();
  const after = sortKey === undefined ? await serviceEvents.lastPosition() : Number(sortKey);
  const { serviceId } = caller.service;
  return {
    all: false,
    startId: await cursors.write(list, `${after}`),
    idOf: ({ position }) => cursors.write(list, `${position}`),
    entries: (signal) => serviceEvents.follow(serviceId, after, signal),
    holds: async () => {
      const now = await authenticate(dependencies, { method: 'GET', headers, secure: true, waitMs: 0 });
      return (
        now !== undefined && !isRefusal(now) && now.kind === 'service' && allows(now.service.scopes, SCOPE)
      );
    },
  };
}

function feedOf(
  dependencies: HttpDependencies,
  caller: Caller,
  headers: Headers,
): Promise<Feed | Refusal> | Refusal {
  const lastSeen = lastSeenOf(headers);
  if (isRefusal(lastSeen)) return lastSeen;
  return caller.kind === 'user'
    ? userFeed(dependencies, caller.session, lastSeen)
    : serviceFeed(dependencies, caller, lastSeen, headers);
}

async function pump(feed: Feed, stream: EventStream): Promise<void> {
  for await (const entries of feed.entries(stream.signal)) {
    stream.send(
      await Promise.all(
        entries.map(async (entry) => ({
          id: await feed.idOf(entry),
          type: entry.type,
          data: JSON.stringify(entryView(entry, feed.all)),
        })),
      ),
    );
    if (!(await feed.holds(entries))) break;
    await stream.drained();
  }
  stream.close();
}

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/v1/events',
    tag: 'journal',
    summary: 'Follow the journal as it is written',
    description:
      "Server-sent events: the caller's own entries (an auditor: all; a service: those about the transactions that it asked for), each with its type and an id. It begins with the id of where it starts, so a client that reconnects with `Last-Event-ID` misses nothing and sees nothing twice, even when it had seen no event yet. The stream ends with the session or its access token, or when the service's key is no longer good.",
    caller: 'user_or_service',
    scope: SCOPE,
    device: true,
    headers: { 'Last-Event-ID': 'The id of the event seen last.' },
    responses: {
      200: {
        description: 'The stream. `data` is an entry as GET /v1/journal has it.',
        contentType: 'text/event-stream',
      },
    },
    refusals: ['streams_too_many'],
    async handle({ caller, headers, address }, dependencies) {
      const { eventStreams } = dependencies;
      const feed = await feedOf(dependencies, caller, headers);
      if (isRefusal(feed)) return feed;
      const lease = eventStreams.reserve(caller, address);
      if (!lease) return refuse('streams_too_many', { retryAfterMs: RECONNECT_MS });
      return {
        stream(response, common) {
          response.writeHead(200, { ...common, 'content-type': 'text/event-stream; charset=utf-8' });
          response.write(`retry: ${RECONNECT_MS}\nid: ${feed.startId}\n\n`);
          const stream = eventStreams.open(lease, response, () => feed.holds([]));
          // A failing store ends the stream; the client reconnects and resumes.
          pump(feed, stream).catch(() => stream.close());
        },
      };
    },
  }),
];
