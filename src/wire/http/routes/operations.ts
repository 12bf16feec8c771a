import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import { isLoopback } from '../../../net/address.ts';
import { authenticate } from '../authenticate.ts';
import { route } from '../route.ts';
import { closed } from '../schema.ts';

const Ready = closed({
  status: Type.Enum(['ready', 'not_ready']),
  parts: Type.Record(Type.String(), Type.Enum(['up', 'degraded', 'down']), {
    description:
      'Each part by name: which one is down, or makes do. Limits that are not shared for the moment are `degraded`, and decisions go on.',
  }),
});

// Why: docs/DECISIONS.md#metrics-are-private-by-default
export const operationRoutes = [
  route({
    method: 'GET',
    path: '/healthz',
    tag: 'operations',
    summary: 'Liveness',
    caller: 'anyone',
    responses: {
      200: {
        description: 'The process is alive.',
        schema: closed({ status: Type.Literal('ok') }),
        example: { status: 'ok' },
      },
    },
    refusals: [],
    handle: () => ({ status: 200, body: { status: 'ok' } }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    tag: 'operations',
    summary: 'Readiness',
    caller: 'anyone',
    query: {
      unready: Type.Optional(
        Type.Enum(['404', '503'], {
          default: '503',
          description:
            'The status when it could not. HAProxy takes 404 for: send nothing new, leave what is there (`http-check disable-on-404`).',
        }),
      ),
    },
    responses: {
      200: {
        description: 'Decisions can be made.',
        schema: Ready,
        example: { status: 'ready', parts: { server: 'up', store: 'up', vault: 'up', rate_limiter: 'up' } },
      },
      404: { description: 'Decisions cannot be made, and `unready=404` was asked for.', schema: Ready },
      503: {
        description: 'Decisions cannot be made: a part is down, or the server is stopping.',
        schema: Ready,
      },
    },
    refusals: [],
    async handle({ query }, { health }) {
      const found = await health.check();
      const ready = !health.stopping && found.every(({ up }) => up);
      const parts = Object.fromEntries([
        ['server', health.stopping ? 'down' : 'up'],
        ...found.map(({ part, up, degraded }) => [part, up ? (degraded ? 'degraded' : 'up') : 'down']),
      ]);
      const unready = query.unready === '404' ? 404 : 503;
      return { status: ready ? 200 : unready, body: { status: ready ? 'ready' : 'not_ready', parts } };
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    tag: 'operations',
    summary: 'Metrics for Prometheus',
    description:
      'For this machine and for administrators, unless `http_metrics_public` is on. A request that came through a proxy is not of this machine.',
    caller: 'anyone',
    responses: { 200: { description: 'The exposition format of Prometheus.', contentType: 'text/plain' } },
    refusals: ['resource_unknown'],
    async handle({ client, address, headers, secure }, dependencies) {
      const proxied = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
      if (!dependencies.metricsPublic && (proxied || !isLoopback(client))) {
        const waitMs = dependencies.errorLimit.waitOf(address);
        const caller = await authenticate(dependencies, { method: 'GET', headers, secure, waitMs });
        const admin = caller && 'kind' in caller && caller.kind === 'user' && caller.session.role === 'admin';
        if (!admin) return refuse('resource_unknown');
      }
      const { text, contentType } = await dependencies.metrics.read();
      return { status: 200, text, contentType };
    },
  }),
];
