import { createPublicKey, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../../../domain/errors.ts';
import { readPublicKey } from '../../../domain/identity/public-key.ts';
import type { RateLimiter } from '../../../ports/rate-limiter.ts';
import { readSignatureInput, type SignatureInput, signatureBase } from './signature-input.ts';

/** What is signed of a request, as this server received it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface VerifiedRequest {
  /** RFC 8785 JSON of the public key: what the service's key is known by. */
  readonly key: string;
  readonly nonce: string;
}

/** What every signature covers: the request's place. */
const ALWAYS = ['@method', '@authority', '@path', '@query'] as const;
/** How far the clocks of caller and server may differ. */
const SKEW_S = 300;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const FIELD = /^[a-z0-9-]+$/;

/**
 * Verifies a request's signature (RFC 9421): its time, what it covers, and the signature by the key that `keyid` holds. What
 * changes something covers its body by `content-digest` (RFC 9530), which is compared with the body later, and its
 * `idempotency-key` where it has one. Does NOT check whose key it is, nor that the nonce is new.
 */
export function verifyRequest(
  { method, target, headers }: SignedRequest,
  nowMs: number,
): VerifiedRequest | Refusal {
  const input = readSignatureInput(headers['signature-input'], headers.signature);
  if (!input) return invalid('Signature-Input or Signature');
  if (Math.abs(nowMs / 1000 - input.created) > SKEW_S)
    return invalid('created: not within five minutes of now');
  const needed = [...ALWAYS, ...neededFields(method, headers)];
  const missing = needed.find((component) => !input.components.includes(component));
  if (missing !== undefined) return invalid(`${missing} is not covered`);
  const [path = '', query = ''] = splitTarget(target);
  const base = signatureBase(input.components, input.parameters, (component) => {
    switch (component) {
      case '@method':
        return method;
      case '@authority':
        return headers.host?.toLowerCase();
      case '@path':
        return path;
      case '@query':
        return `?${query}`;
      default:
        return fieldOf(headers, component);
    }
  });
  if (base === undefined) return invalid('a component that is covered is not there');
  const key = verifyingKey(input, base);
  return key === undefined ? invalid('the signature') : { key, nonce: input.nonce };
}

/** Takes a nonce once. By the servers' own memory, or Redis where they share one. @returns false where it was used before */
export async function takeNonce(rateLimiter: RateLimiter, { key, nonce }: VerifiedRequest): Promise<boolean> {
  const wait = await rateLimiter.take(`signature/${key}/${nonce}`, {
    countMax: 1,
    windowMs: 2 * SKEW_S * 1_000,
  });
  return wait === 0;
}

function neededFields(method: string, headers: IncomingHttpHeaders): string[] {
  const hasBody = headers['content-length'] !== undefined && headers['content-length'] !== '0';
  const digest = hasBody || headers['transfer-encoding'] !== undefined ? ['content-digest'] : [];
  const repeats = !SAFE_METHODS.has(method) && headers['idempotency-key'] !== undefined;
  return repeats ? [...digest, 'idempotency-key'] : digest;
}

function fieldOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = FIELD.test(name) ? headers[name] : undefined;
  return typeof value === 'string' ? value.trim() : undefined;
}

function splitTarget(target: string): readonly [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** @returns the key as RFC 8785 JSON, where the signature is its */
function verifyingKey({ keyId, signature }: SignatureInput, base: string): string | undefined {
  const text = Buffer.from(keyId, 'base64url').toString('utf8');
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = readPublicKey(jwk);
  if (typeof read === 'string' || JSON.stringify(read) !== text) return undefined;
  const key = createPublicKey({ key: { ...read }, format: 'jwk' });
  const fits = verify('sha256', Buffer.from(base), { key, dsaEncoding: 'ieee-p1363' }, signature);
  return fits ? text : undefined;
}

function invalid(detail: string): Refusal {
  return refuse('signature_invalid', { detail });
}
