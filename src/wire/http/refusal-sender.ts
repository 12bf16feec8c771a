import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Logger } from '../../ports/logger.ts';
import { ERRORS } from '../errors.ts';
import type { CrossOrigin } from './cors.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problemHeaders, problemOf } from './problem.ts';
import { responseHeaders } from './response-headers.ts';
import type { RecordResponse } from './response-recorder.ts';

export type SendRefusal = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
) => Promise<FastifyReply>;

/** Sends refusals as problems (RFC 9457), and counts against the client's address those that cost it something. */
export function refusalSender(
  { errorLimit, metrics }: HttpDependencies,
  cors: CrossOrigin,
  recordResponse: RecordResponse,
  logger: Logger,
): SendRefusal {
  return async (request, reply, first) => {
    let refusal = first;
    if (ERRORS[refusal.refused].counts !== 'no') {
      const wait = await errorLimit.take(request.requestContext.address);
      if (wait > 0) refusal = refuse('rate_limited', { retryAfterMs: wait });
    }
    metrics.countRefusal(refusal.refused);
    const { id, headers } = request;
    const { http: status } = ERRORS[refusal.refused];
    logger.debug({ request_id: id, method: request.method, refused: refusal.refused }, 'request refused');
    recordResponse(request, status);
    const language = headers['accept-language'];
    return reply
      .code(status)
      .headers({ ...responseHeaders(request, cors), ...problemHeaders(refusal, language) })
      .send(JSON.stringify(problemOf(refusal, language, id)));
  };
}
