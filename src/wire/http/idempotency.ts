import { hash } from 'node:crypto';
import type { Idempotency } from '../../application/idempotency/idempotency-record.ts';
import { canonicalJson } from '../../domain/encoding/canonical-json.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import { transferDigest } from '../../domain/transaction/transfer-digest.ts';
import { LIMITS } from '../../limits.ts';
import { type Caller, callerId } from './caller.ts';

const KEY = /^[\x21-\x7e]+$/;

/** What never goes into a digest that is stored: short or guessable, it could be found from it. */
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

/** What the key of a request stands for: who asks (a user at their own: nobody else), for what, with which content. */
export function requestIdempotency(
  key: string,
  owner: string,
  request: { readonly method: string; readonly path: string; readonly body?: unknown },
): Idempotency {
  const { method, path, body } = request;
  const content = canonicalJson(withoutSecrets(body ?? {}));
  return { key, digest: hash('sha256', `${owner}\n${method} ${path}\n${content}`, 'hex') };
}

/** A transfer by its user: the same key and content may be repeated over TCP and over HTTP alike. */
export function transferIdempotency(key: string, transfer: Transfer): Idempotency {
  return { key, digest: transferDigest(transfer) };
}

/**
 * The key under which somebody else's request about a user is stored: apart from the user's own. The owner is in the
 * digest as well, so that a user who picks such a key spoils nothing but their own.
 */
export function foreignKey(caller: Caller, key: string): string {
  return `${callerId(caller)}/${key}`;
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SECRETS.has(name)));
}
