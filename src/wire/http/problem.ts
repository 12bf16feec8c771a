import type { Refusal } from '../../domain/errors.ts';
import { preferredLanguage } from '../../language/language.ts';
import { detailIn } from '../../language/refusal-details.ts';
import { ERRORS } from '../errors.ts';

const DETAIL_LENGTH_MAX = 256;

/** A problem (RFC 9457) with the stable `code` of the error table. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retry_after_ms?: number;
  readonly request_id: string;
}

export function problemOf(refusal: Refusal, acceptLanguage: string | undefined, requestId: string): Problem {
  const language = preferredLanguage(acceptLanguage);
  const { http, [language]: text } = ERRORS[refusal.refused];
  const more =
    refusal.detail === undefined
      ? ''
      : ` (${detailIn(language, refusal.detail.slice(0, DETAIL_LENGTH_MAX).toWellFormed())})`;
  return {
    type: `/docs/problems#${refusal.refused}`,
    title: text.title,
    status: http,
    detail: `${text.detail}${more}`,
    code: refusal.refused,
    ...(refusal.retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(refusal.retryAfterMs) }),
    request_id: requestId,
  };
}

/** The header fields of a refusal's response. */
export function problemHeaders(refusal: Refusal, acceptLanguage: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'content-language': preferredLanguage(acceptLanguage),
  };
  // RFC 9110 section 10.2.3: whole seconds; rounded up, so that a client that waits them waits long enough.
  if (refusal.retryAfterMs !== undefined) {
    headers['retry-after'] = `${Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))}`;
  }
  // RFC 6750 section 3.
  if (refusal.refused === 'session_required') headers['www-authenticate'] = 'Bearer realm="sello"';
  if (refusal.refused === 'session_ended' || refusal.refused === 'service_key_expired') {
    headers['www-authenticate'] = 'Bearer realm="sello", error="invalid_token"';
  }
  // RFC 9470 section 3.
  if (refusal.refused === 'proof_required') {
    headers['www-authenticate'] = 'Bearer realm="sello", error="insufficient_user_authentication"';
  }
  return headers;
}
