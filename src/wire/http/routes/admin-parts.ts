import Type from 'typebox';
import { route } from '../route.ts';
import { closed } from '../schema.ts';

const Part = closed({
  part: Type.String(),
  up: Type.Boolean(),
  degraded: Type.Boolean({ description: 'The part works with reduced function; decisions continue.' }),
  latency_ms: Type.Integer(),
});

export const adminPartRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/keys',
    tag: 'administration',
    summary: 'List the public keys of the vault',
    caller: 'auditor',
    responses: {
      200: {
        description: 'Versions and public keys.',
        schema: closed({
          custody: Type.Enum(['hsm', 'cached']),
          key_version: Type.Integer({ description: 'Of the key-encryption key in use.' }),
          signing_keys: Type.Array(closed({ kid: Type.String(), active: Type.Boolean() })),
        }),
      },
    },
    refusals: [],
    async handle(_request, { context }) {
      const { vault } = context;
      const [version, keys] = await Promise.all([vault.activeKeyVersion(), vault.publicKeys()]);
      return {
        status: 200,
        body: {
          custody: vault.custody,
          key_version: version,
          signing_keys: keys.map(({ jwk, active }) => ({ kid: jwk.kid ?? '', active })),
        },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/health',
    tag: 'administration',
    summary: 'State of the parts',
    caller: 'auditor',
    responses: {
      200: {
        description: 'As seen by this server.',
        schema: closed({
          parts: Type.Array(Part),
          uptime_ms: Type.Integer(),
          decisions_waiting: Type.Integer(),
          users_cached: Type.Integer(),
          event_streams: Type.Integer(),
          requests_waiting: Type.Integer(),
        }),
      },
    },
    refusals: [],
    async handle(_request, { health, context, eventStreams, waiting }) {
      const parts = await health.check();
      const { decider, userCache } = context;
      return {
        status: 200,
        body: {
          parts: parts.map(({ part, up, degraded, latencyMs }) => ({
            part,
            up,
            degraded,
            latency_ms: latencyMs,
          })),
          uptime_ms: Math.round(process.uptime() * 1000),
          decisions_waiting: decider.queueLength,
          users_cached: userCache.size,
          event_streams: eventStreams.count,
          requests_waiting: waiting.count,
        },
      };
    },
  }),
];
