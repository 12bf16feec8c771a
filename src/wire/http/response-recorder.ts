import type { FastifyRequest } from 'fastify';
import type { Logger } from '../../ports/logger.ts';
import type { Metrics } from './metrics.ts';

/** Called for each response when it is sent, and for a stream when it has ended. */
export type RecordResponse = (request: FastifyRequest, status: number) => void;

/** Records responses in the metrics and in the log. */
export function responseRecorder(metrics: Metrics, logger: Logger): RecordResponse {
  return ({ id, method, requestContext, routeOptions }, status) => {
    const ms = performance.now() - requestContext.startedAt;
    const { url = '' } = routeOptions;
    metrics.observe(method, url, status, ms / 1000);
    logger.debug({ request_id: id, method, route: url, status, ms }, 'request answered');
  };
}
