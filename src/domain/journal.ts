import { hash } from 'node:crypto';
import { jsonString } from './json-string.ts';
import type { CanonicalTransaction } from './transaction.ts';

/** What an entry records. `admin.…` entries name the operator's act. */
export type EntryType =
  | 'user.registered'
  | 'login.accepted'
  | 'login.refused'
  | 'login.locked'
  | 'session.ended'
  | 'token.enrolled'
  | 'token.activated'
  | 'token.revoked'
  | 'code.accepted'
  | 'code.refused'
  | 'transaction.requested'
  | 'transaction.approved'
  | 'transaction.refused'
  | 'transaction.expired'
  | 'transaction.cancelled'
  | 'key.rotated'
  | `admin.${string}`;

/** The `previous` of a user's first entry. */
export const GENESIS_HASH = '0'.repeat(64);

/** The transaction as an entry keeps it: the canonical one, and the id by which it is asked for. */
export type RecordedTransaction = CanonicalTransaction & { readonly id: string };

export interface EntryBody {
  readonly at: number;
  readonly detail?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly reason?: string | undefined;
  readonly transaction?: RecordedTransaction | undefined;
  readonly type: EntryType;
  readonly user: string;
  readonly version: number;
}

let isoAt = 0;
let isoText = '1970-01-01T00:00:00.000Z';

/** RFC 3339 in UTC with milliseconds. Remembers the last one: a batch shares its time. */
export function rfc3339(at: number): string {
  if (at !== isoAt) {
    isoText = new Date(at).toISOString();
    isoAt = at;
  }
  return isoText;
}

/**
 * RFC 8785 JSON of an entry's body. Keys are written in the order that section 3.2.3 sorts them in, and
 * `detail` is flat, so no general canonicaliser is needed. Amount, currency and
 * id are made by the server and hold nothing to escape. Strings must be well-formed Unicode: the wire refuses others.
 */
export function encodeBody(body: EntryBody): string {
  let text = `{"at":"${rfc3339(body.at)}"`;
  if (body.detail) text += `,"detail":${encodeDetail(body.detail)}`;
  if (body.reason) text += `,"reason":${jsonString(body.reason)}`;
  if (body.transaction) {
    const { amount, challenge, currency, id, payee, payer } = body.transaction;
    text += `,"transaction":{"amount":"${amount}","challenge":${jsonString(challenge)},"currency":"${currency}","id":"${id}","payee":${jsonString(payee)},"payer":${jsonString(payer)},"v":1}`;
  }
  return `${text},"type":${jsonString(body.type)},"user":${jsonString(body.user)},"version":${body.version}}`;
}

function encodeDetail(detail: NonNullable<EntryBody['detail']>): string {
  let text = '';
  for (const key of Object.keys(detail).sort()) {
    const value = detail[key];
    // ECMAScript writes numbers as RFC 8785 section 3.2.2.3 asks.
    const written = typeof value === 'string' ? jsonString(value) : JSON.stringify(value);
    text += `${text === '' ? '' : ','}${jsonString(key)}:${written}`;
  }
  return `{${text}}`;
}

let scratch = Buffer.allocUnsafe(8192);

/** SHA-256(previous ‖ body), both hashes in lower-case hex. */
export function chainHash(previous: string, body: string): string {
  const bound = 32 + body.length * 3;
  if (scratch.length < bound) scratch = Buffer.allocUnsafe(bound);
  scratch.write(previous, 0, 32, 'hex');
  const length = scratch.write(body, 32, 'utf8');
  return hash('sha256', scratch.subarray(0, 32 + length), 'hex');
}
