import type { FastifyRequest } from 'fastify';
import type { CrossOrigin } from './cors.ts';

const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
const TLS_HEADERS = { ...COMMON_HEADERS, 'strict-transport-security': 'max-age=31536000' } as const;

/** The header fields of every response, unless its route sets others. Names are in lower case. */
export function responseHeaders(
  { id, socket, headers }: FastifyRequest,
  cors: CrossOrigin,
): Record<string, string> {
  const common = 'encrypted' in socket ? TLS_HEADERS : COMMON_HEADERS;
  const crossOrigin = cors.off ? undefined : cors.headers(headers.origin);
  if (!crossOrigin) return { ...common, 'x-request-id': id };
  return { ...common, 'x-request-id': id, ...crossOrigin, 'cross-origin-resource-policy': 'cross-origin' };
}
