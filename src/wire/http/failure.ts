import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Failures } from '../failures.ts';
import { RefusedRequest } from './refused-request.ts';

const BY_CODE: Readonly<Record<string, Refusal['refused']>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'line_too_long',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'message_invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json_invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json_invalid',
  FST_ERR_BAD_URL: 'message_invalid',
  ECONNRESET: 'request_too_slow',
};

/**
 * The refusal that answers an exception: a refusal thrown by this folder, one of Fastify's by its code, else
 * `unavailable`.
 */
export function refusalOf(error: unknown, failures: Failures, requestId: string): Refusal {
  if (error instanceof RefusedRequest) return error.refusal;
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? BY_CODE[code] : undefined;
  if (known) return refuse(known);
  // Any other error of Fastify below 500 is the client's fault.
  if (
    typeof code === 'string' &&
    code.startsWith('FST_') &&
    typeof statusCode === 'number' &&
    statusCode < 500
  ) {
    return refuse('message_invalid');
  }
  return failures.refusalFor(error, { request_id: requestId });
}
