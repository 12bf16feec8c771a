import { hash } from 'node:crypto';
import type { Idempotency } from '../../application/idempotency/idempotency-record.ts';
import { canonicalJson } from '../../domain/encoding/canonical-json.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import { transferDigest } from '../../domain/transaction/transfer-digest.ts';
import { LIMITS } from '../../limits.ts';
import { type Caller, callerId } from './caller.ts';

const KEY = /^[\x21-\x7e]+$/;

/** Members left out of the digest: the digest is stored, and short or guessable values could be recovered from it. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'code', 'mac', 'nonce', 'session']);

/** @returns the client's key as sent, undefined without one */
export function idempotencyKey(header: string | string[] | undefined): string | undefined | Refusal {
  if (header === undefined) return undefined;
  const { idempotencyKeyBytesMax } = LIMITS;
  if (typeof header === 'string' && KEY.test(header) && header.length <= idempotencyKeyBytesMax)
    return header;
  return refuse('message_invalid', {
    detail: `Idempotency-Key: once, 1 to ${idempotencyKeyBytesMax} visible ASCII characters`,
  });
}

/** A request sent with an idempotency key. The digest covers all of it except secrets. */
export interface KeyedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Spread into a use case's request: empty where the client sent no key. */
export interface WithIdempotency {
  readonly idempotency?: Idempotency;
}

/** @param owner the caller; part of the digest, so that another caller's same key and content is another request */
export function ownIdempotency(
  key: string | undefined,
  owner: string,
  request: KeyedRequest,
): WithIdempotency {
  return key === undefined ? {} : { idempotency: { key, digest: digestOf(owner, request) } };
}

/** A transfer by its user: the same key and content may be repeated over TCP and over HTTP alike. */
export function transferIdempotency(key: string | undefined, transfer: Transfer): WithIdempotency {
  return key === undefined ? {} : { idempotency: { key, digest: transferDigest(transfer) } };
}

/**
 * A request about a user by somebody else. Its key is stored under the caller's name, apart from the user's own keys.
 * The caller is in the digest as well, so that a user who picks such a key spoils nothing but their own.
 */
export function foreignIdempotency(
  key: string | undefined,
  caller: Caller,
  request: KeyedRequest,
  owner = callerId(caller),
): WithIdempotency {
  return key === undefined
    ? {}
    : { idempotency: { key: `${callerId(caller)}/${key}`, digest: digestOf(owner, request) } };
}

function digestOf(owner: string, { method, path, body }: KeyedRequest): string {
  const content = canonicalJson(withoutSecrets(body ?? {}));
  return hash('sha256', `${owner}\n${method} ${path}\n${content}`, 'hex');
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SECRETS.has(name)));
}
