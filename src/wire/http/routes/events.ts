import { isRefusal, refuse } from '../../../domain/errors.ts';
import { EVENTS_SCOPE, type Feed, feedOf } from '../event-feeds.ts';
import type { EventStream } from '../event-stream.ts';
import { entryView } from '../journal-view.ts';
import { route } from '../route.ts';

const RECONNECT_MS = 1_000;

async function pump(feed: Feed, stream: EventStream): Promise<void> {
  for await (const entries of feed.entries(stream.signal)) {
    stream.send(
      entries.map((entry) => ({
        id: feed.idOf(entry),
        type: entry.type,
        data: JSON.stringify(entryView(entry, feed.all)),
      })),
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
      "Server-sent events: the caller's own entries (an auditor: all; a service: those about the transactions that it asked for), each with its type and an id. It begins with the id of where it starts, so a client that reconnects with `Last-Event-ID` misses nothing and sees nothing twice, even when it had seen no event yet. An id `log-N` means: all of the caller's among the first N entries of the log; so the event of index i has the id `log-(i+1)`, and a client that knows an index resumes by it on any server. A user's entry without a place in the log yet has their own number of it. The stream ends with the session or its access token, or when the service's key is no longer good.",
    caller: 'user_or_service',
    scope: EVENTS_SCOPE,
    device: true,
    headers: { 'Last-Event-ID': 'The id of the event seen last; `log-N`: begin with index N of the log.' },
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
