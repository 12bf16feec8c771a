import { followJournal, followUser } from '../../../application/queries/events.ts';
import { type Session, sessionHolds } from '../../../application/session.ts';
import { refuse } from '../../../domain/errors.ts';
import type { JournalEntry } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import type { EventStream } from '../event-streams.ts';
import { entryView } from '../journal-view.ts';
import type { HttpParts } from '../parts.ts';
import { route } from '../route.ts';

const EVENT_ID = /^(0|[1-9][0-9]{0,15})$/;
const RECONNECT_MS = 1_000;

/** Where to go on: after the event that was seen last, else from now on. */
async function startOf({ context }: HttpParts, { userId }: Session, all: boolean, lastSeen: string | undefined) {
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

async function pump(
  entries: AsyncIterable<readonly JournalEntry[]>,
  stream: EventStream,
  all: boolean,
): Promise<void> {
  for await (const news of entries) {
    stream.send(
      news.map((entry) => ({
        id: `${all ? entry.position : entry.version}`,
        type: entry.type,
        data: JSON.stringify(entryView(entry, all)),
      })),
    );
    if (stream.signal.aborted) return;
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
      const { context, eventStreams } = parts;
      const { session } = caller;
      const all = session.role === 'auditor';
      const lastSeen = headers['last-event-id'];
      if (lastSeen !== undefined && !(typeof lastSeen === 'string' && EVENT_ID.test(lastSeen))) {
        return refuse('message_invalid', { detail: 'Last-Event-ID: the id of an event' });
      }
      const after = await startOf(parts, session, all, lastSeen);
      const id = callerId(caller);
      if (!eventStreams.hasRoom(id)) return refuse('streams_too_many', { retryAfterMs: RECONNECT_MS });
      const holds = () => {
        const { decider } = context;
        const at = decider.now();
        const user = decider.cached(session.userId);
        // A user who is not in memory was not decided about lately: asked again at the next entry about them.
        return session.expiresAt > at && (user === undefined || sessionHolds(user, session.sessionId, at));
      };
      return {
        takeOver(response, common) {
          response.writeHead(200, { ...common, 'content-type': 'text/event-stream; charset=utf-8' });
          response.write(`retry: ${RECONNECT_MS}\n\n`);
          const stream = eventStreams.open(id, response, holds);
          const { signal } = stream;
          const entries = all
            ? followJournal(context, after, signal)
            : followUser(context, session.userId, after, signal);
          // A store that fails ends the stream; the client comes back and resumes.
          pump(entries, stream, all).catch(() => stream.close());
        },
      };
    },
  }),
];
