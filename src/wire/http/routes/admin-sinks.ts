import Type from 'typebox';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { route } from '../route.ts';
import { closed, named, time } from '../schema.ts';

const Sink = named(
  'EventSink',
  closed({
    sink: Type.String({ description: '`pulsar`, `syslog`, or `webhook:` and the id.' }),
    state: Type.Enum(['waiting', 'connecting', 'running', 'failed', 'stopped'], {
      description: '`waiting`: another server runs it. `failed`: it is tried again after a pause.',
    }),
    next_index: Type.Integer({ minimum: 0, description: 'Everything below in the log is acknowledged.' }),
    lag: Type.Integer({ minimum: 0, description: 'Sealed entries that are not acknowledged.' }),
    lag_ms: Type.Integer({ minimum: 0, description: 'Age of the oldest of them; 0 without one.' }),
    under_way: Type.Integer({ minimum: 0, description: 'Events sent by this server and not acknowledged.' }),
    acknowledged: Type.Integer({ minimum: 0, description: 'By this server since its start.' }),
    failures: Type.Integer({ minimum: 0, description: 'Of this server since its start.' }),
    problem: Type.Union(
      [
        closed({
          kind: Type.String({ description: 'Such as `unreachable` or `misconfigured`: docs/events.md.' }),
          message: Type.String({ description: 'What is wrong, for operators.' }),
          since: time('When it began.'),
        }),
        Type.Null(),
      ],
      { description: 'Of the last failure while nothing was acknowledged after it.' },
    ),
  }),
);

export const adminSinkRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/sinks',
    tag: 'administration',
    caller: 'auditor',
    summary: 'Where the sinks of events stand',
    description: 'As this server sees them: Apache Pulsar, syslog, and each enabled webhook.',
    responses: {
      200: {
        description: 'The sinks.',
        schema: closed({
          log_size: Type.Integer({ minimum: 0, description: 'Sealed entries.' }),
          sinks: Type.Array(Sink),
        }),
      },
    },
    refusals: [],
    async handle(_, { context }) {
      const { size, sinks } = await context.relay.status();
      const views = sinks.map(
        ({ sink, state, next, lag, lagMs, underWay, acknowledged, failures, problem }) => ({
          ...{ sink, state, next_index: next, lag, lag_ms: Math.round(lagMs), under_way: underWay },
          ...{ acknowledged, failures },
          problem: problem
            ? { kind: problem.kind, message: problem.message, since: rfc3339(problem.since) }
            : null,
        }),
      );
      return { status: 200, body: { log_size: size, sinks: views } };
    },
  }),
];
