import { setTimeout as sleep } from 'node:timers/promises';
import { isSessionValid, type Session } from '../../../application/sessions/session.ts';
import { refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { EventStream } from '../event-stream.ts';
import { Overview, overviewView } from '../overview-view.ts';
import { route } from '../route.ts';

const RECONNECT_MS = 1_000;

async function holds({ context }: HttpDependencies, session: Session): Promise<boolean> {
  const { decider, userCache, sessionUses } = context;
  const user = await userCache.reload(session.userId);
  const at = decider.now();
  if (!user || user.role === 'user' || session.expiresAt <= at || sessionUses.isIdle(session)) return false;
  return isSessionValid(user, session.sessionId, at);
}

async function pump(dependencies: HttpDependencies, stream: EventStream): Promise<void> {
  for (let id = 1; !stream.signal.aborted; id++) {
    const data = JSON.stringify(await overviewView(dependencies, LIMITS.figuresCachedMs));
    stream.send([{ id: `${id}`, type: 'overview', data }]);
    await stream.drained();
    await sleep(LIMITS.overviewPeriodMs, undefined, { signal: stream.signal, ref: false });
  }
}

export const adminOverviewRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/overview',
    tag: 'administration',
    summary: 'The decisions of all servers, and the state of this one',
    description:
      'What was decided is counted from the journal, of all servers. Latency, batches, queues, parts and cached users are of the server that answers.',
    caller: 'auditor',
    responses: { 200: { description: 'Now.', schema: Overview } },
    refusals: [],
    handle: async (_request, dependencies) => ({ status: 200, body: await overviewView(dependencies) }),
  }),
  route({
    method: 'GET',
    path: '/v1/admin/overview/events',
    tag: 'administration',
    summary: 'Follow the overview: an update every two seconds',
    description: 'Server-sent events of type `overview`; `data` is as GET /v1/admin/overview answers it.',
    caller: 'auditor',
    responses: { 200: { description: 'The stream.', contentType: 'text/event-stream' } },
    refusals: ['streams_too_many'],
    handle({ caller, address }, dependencies) {
      const { eventStreams } = dependencies;
      const lease = eventStreams.reserve(caller, address);
      if (!lease) return refuse('streams_too_many', { retryAfterMs: RECONNECT_MS });
      return {
        stream(response, common) {
          response.writeHead(200, { ...common, 'content-type': 'text/event-stream; charset=utf-8' });
          response.write(`retry: ${RECONNECT_MS}\n\n`);
          const stream = eventStreams.open(lease, response, () => holds(dependencies, caller.session));
          pump(dependencies, stream).catch(() => stream.close());
        },
      };
    },
  }),
];
