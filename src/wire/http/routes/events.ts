import { followJournal, followUser } from '../../../application/queries/events.ts';
import { type Session, sessionHolds } from '../../../application/session.ts';
import { refuse } from '../../../domain/errors.ts';
import { callerId } from '../caller.ts';
import type { EventStream } from '../event-streams.ts';
import { entryView } from '../journal-view.ts';
import type { HttpParts } from '../parts.ts';
import { route } from '../route.ts';

const EVENT_ID = /^(0|[1-9][0-9]{0,15})$/;
const RECONNECT_MS = 1_000;

/** Where to go on: after the event that was seen last, else from now on. */
async function startOf(
  { context }: HttpParts,
  { userId }: Session,
  all: boolean,
  lastSeen: string | undefined,
) {
  if (lastSeen !== undefined) return Number(lastSeen);
  if (all) return lastPosition(context.store);
  return (await context.decider.peek(userId))?.version ?? 0;
}

/** The journal's end, by halves: its positions have no gaps. */
async function lastPosition(store: HttpParts['context']['store']): Promise<number> {
  const exists = async (position: number) =>
    (await store.readJournal({ after: position - 1, limit: 1 })).length > 0;
  let high = 1;
  while (await exists(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await exists(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Whether the session still holds. @param version of an entry of its user: what is known here must not be older */
async function holds({ context }: HttpParts, session: Session, version: number): Promise<boolean> {
  const { decider } = context;
  let user = await decider.peek(session.userId);
  if (user && user.version < version) {
    decider.forget([session.userId]);
    user = await decider.peek(session.userId);
  }
  const at = decider.now();
  return session.expiresAt > at && user !== undefined && sessionHolds(user, session.sessionId, at);
}

async function pump(parts: HttpParts, session: Session, stream: EventStream, after: number): Promise<void> {
  const { context } = parts;
  const all = session.role === 'auditor';
  const news = all
    ? followJournal(context, after, stream.signal)
    : followUser(context, session.userId, after, stream.signal);
  for await (const entries of news) {
    stream.send(
      entries.map((entry) => ({
        id: `${all ? entry.position : entry.version}`,
        type: entry.type,
        data: JSON.stringify(entryView(entry, all)),
      })),
    );
    const own = entries.filter(({ userId }) => userId === session.userId).at(-1);
    if (own && !(await holds(parts, session, own.version))) return stream.close();
    await stream.drained();
  }
}

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/v1/events',
    tag: 'journal',
    summary: 'Follow the journal as it is written',
    description:
      "Server-sent events: the caller's own entries (an auditor: all), each with its type and an id. A client that reconnects with `Last-Event-ID` misses nothing and sees nothing twice. The stream ends with the session or its access token.",
    caller: 'user',
    headers: { 'Last-Event-ID': 'The id of the event seen last.' },
    answers: {
      200: {
        description: 'The stream. `data` is an entry as GET /v1/journal has it.',
        contentType: 'text/event-stream',
      },
    },
    refusals: ['streams_too_many'],
    async handle({ caller, headers }, parts) {
      const { eventStreams } = parts;
      const { session } = caller;
      const all = session.role === 'auditor';
      const lastSeen = headers['last-event-id'];
      if (lastSeen !== undefined && !(typeof lastSeen === 'string' && EVENT_ID.test(lastSeen))) {
        return refuse('message_invalid', { detail: 'Last-Event-ID: the id of an event' });
      }
      const after = await startOf(parts, session, all, lastSeen);
      const seat = eventStreams.reserve(callerId(caller));
      if (!seat) return refuse('streams_too_many', { retryAfterMs: RECONNECT_MS });
      return {
        takeOver(response, common) {
          response.writeHead(200, { ...common, 'content-type': 'text/event-stream; charset=utf-8' });
          response.write(`retry: ${RECONNECT_MS}\n\n`);
          const stream = eventStreams.open(seat, response, () => holds(parts, session, 0));
          // A store that fails ends the stream; the client comes back and resumes.
          pump(parts, session, stream, after).catch(() => stream.close());
        },
      };
    },
  }),
];
