import { useQuery } from '@tanstack/react-query';
import type { EventSink } from '../../api/operations.ts';
import { api } from '../../session/server.ts';

const PERIOD_MS = 5_000;
/** The alert of deploy/prometheus-alerts.yaml. */
const LATE_MS = 300_000;

/** Where the sinks of events stand, read again every few seconds. */
export function useSinks() {
  return useQuery({
    queryKey: ['operator', 'sinks'],
    queryFn: ({ signal }) => api('GET /v1/admin/sinks', {}, { signal }),
    refetchInterval: PERIOD_MS,
  });
}

/** Whether somebody should look at the sink. */
export function isTroubled({ problem, lag_ms: lagMs }: EventSink): boolean {
  return problem !== null || lagMs > LATE_MS;
}

/** The id of the webhook that the sink delivers to; undefined: it is another kind. */
export function webhookOf({ sink }: Pick<EventSink, 'sink'>): string | undefined {
  return /^webhook:(.+)$/.exec(sink)?.[1];
}
