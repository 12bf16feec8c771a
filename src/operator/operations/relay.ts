import type { RelayStatus } from '../../application/relay/relay.ts';
import { refuse } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { operation, parameters } from './operation.ts';

export const relayStatus = operation(parameters({}), async ({ application }) =>
  statusView(await application.context.relay.status()),
);

export const relayRewind = operation(
  parameters({
    sink: { type: 'string', minLength: 1, maxLength: 128 },
    from: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  }),
  async ({ application }, { sink, from }) => {
    const { relay } = application.context;
    const { size } = await relay.status();
    if (from > size) return refuse('sink_position_invalid', { detail: `from 0 to ${size}` });
    const done = await relay.rewind(sink, from);
    if (done === 'unknown') {
      const known = relay.sinks.map(({ sink: name }) => name).join(', ');
      return refuse('sink_unknown', { detail: known === '' ? 'none is configured' : known });
    }
    return done ? refuse('sink_elsewhere', { detail: done.holder }) : { sink, next: from };
  },
);

/** As scripts read it. */
export function statusView({ size, sinks }: RelayStatus) {
  return {
    size,
    sinks: sinks.map(({ sink, state, next, lag, lagMs, underWay, acknowledged, failures, problem }) => ({
      ...{ sink, state, next, lag, lag_ms: lagMs, under_way: underWay, acknowledged, failures },
      problem: problem
        ? { kind: problem.kind, message: problem.message, since: rfc3339(problem.since) }
        : null,
    })),
  };
}
