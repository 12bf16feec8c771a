import type { CanonicalTransaction } from '../transaction/canonical-transaction.ts';

/** The kind of event that an entry records. `admin.…` entries record an operator's action. */
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
  | 'identity.enrolled'
  | 'identity.revoked'
  | 'identity.offered'
  | 'identity.used'
  | 'message.sent'
  | 'message.delivered'
  | 'message.deleted'
  | 'dataset.created'
  | 'dataset.rotated'
  | 'dataset.destroyed'
  | 'dataset.key_given'
  | 'surrogates.reversed'
  | `admin.${string}`;

/** The transaction as an entry records it: the canonical transaction and the id that clients query it by. */
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

/** A body as `decodeBody` returns it. */
export interface RecordedBody {
  /** RFC 3339 */
  readonly at: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  readonly reason?: string;
  readonly transaction?: RecordedTransaction;
  readonly type: EntryType;
  readonly user: string;
  readonly version: number;
}

let isoAt = 0;
let isoText = '1970-01-01T00:00:00.000Z';

/** Formats ms since 1970 as RFC 3339 in UTC with milliseconds. Caches the last result, because a decision batch shares its time. */
export function rfc3339(at: number): string {
  if (at !== isoAt) {
    isoText = new Date(at).toISOString();
    isoAt = at;
  }
  return isoText;
}

/**
 * Encodes an entry's body as RFC 8785 JSON. The literal below lists members in the order of section 3.2.3 and `detail`
 * is flat, so JSON.stringify suffices: it writes strings and numbers as section 3.2.2 requires. Does NOT check that
 * strings are well-formed Unicode: the wire refuses those that are not.
 */
export function encodeBody({ at, detail, reason, transaction, type, user, version }: EntryBody): string {
  return JSON.stringify({
    at: rfc3339(at),
    detail: detail && sorted(detail),
    reason: reason || undefined,
    transaction: transaction && recorded(transaction),
    type,
    user,
    version,
  });
}

/**
 * Parses the body of an entry of this server's own journal. Does NOT check its form, its hash or its place in a chain:
 * a journal from elsewhere is read by `verifyJournal`.
 */
export function decodeBody(body: string): RecordedBody {
  return JSON.parse(body) as RecordedBody;
}

function sorted(detail: NonNullable<EntryBody['detail']>): NonNullable<EntryBody['detail']> {
  const keys = Object.keys(detail);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] as string) < key)) return detail;
  return Object.fromEntries(keys.sort().map((key) => [key, detail[key] as string | number | boolean]));
}

function recorded({
  amount,
  challenge,
  currency,
  id,
  payee,
  payer,
}: RecordedTransaction): RecordedTransaction {
  return { amount, challenge, currency, id, payee, payer, v: 1 };
}
