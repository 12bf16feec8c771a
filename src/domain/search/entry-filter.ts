import type { RecordedBody } from '../journal/entry.ts';
import { compareAmounts } from './amount-range.ts';
import { wordsOf, wordsSought } from './words.ts';

/** What entries are looked for. Every member that is there must fit. */
export interface EntryFilter {
  readonly userId?: number;
  /** Types (`login.refused`) and groups of types (`transaction.*`, `*.refused`); one must fit. */
  readonly types?: readonly string[];
  /** ms since 1970; from this time on. */
  readonly from?: number;
  /** ms since 1970; before this time. */
  readonly to?: number;
  /** The id of a transaction, exactly. */
  readonly transaction?: string;
  /** A part of the payee. */
  readonly payee?: string;
  /** Words, each of which the entry must have (`textsOf`). */
  readonly text?: string;
  readonly service?: string;
  /** A network address, exactly as an entry has it. */
  readonly address?: string;
  readonly reason?: string;
  /** At least this amount, in whatever currency. */
  readonly amountMin?: string;
  /** At most this amount, in whatever currency. */
  readonly amountMax?: string;
  readonly currency?: string;
}

/** An entry as a filter looks at it. */
export interface FilteredEntry {
  readonly userId: number;
  readonly at: number;
  readonly type: string;
}

/**
 * The texts of an entry that `text` looks in: of its transaction payee, payer, amount, currency and id; its reason; its user's
 * name; every value of its details (services, tokens, labels, references, addresses).
 */
export function* textsOf({ detail, reason, transaction, user }: RecordedBody): Generator<string> {
  if (transaction) {
    const { payee, payer, amount, currency, id } = transaction;
    yield* [payee, payer, amount, currency, id];
  }
  yield user;
  if (reason !== undefined) yield reason;
  for (const value of Object.values(detail ?? {})) if (typeof value !== 'boolean') yield `${value}`;
}

/** A type and its groups: `transaction.approved`, `transaction.*`, `*.approved`. */
export function groupsOf(type: string): readonly [string, string, string] {
  const point = type.indexOf('.');
  return [type, `${type.slice(0, point)}.*`, `*${type.slice(point)}`];
}

function isOfTypes(types: readonly string[] | undefined, type: string): boolean {
  return !types || types.includes(type) || groupsOf(type).some((group) => types.includes(group));
}

/** Whether an entry is one that is looked for. */
export function fits(filter: EntryFilter, entry: FilteredEntry, body: RecordedBody): boolean {
  const { types, from, to, transaction, payee, text, service, address, reason, currency } = filter;
  const { amountMin, amountMax } = filter;
  if (filter.userId !== undefined && filter.userId !== entry.userId) return false;
  if (!isOfTypes(types, entry.type)) return false;
  if (from !== undefined && entry.at < from) return false;
  if (to !== undefined && entry.at >= to) return false;
  if (transaction !== undefined && body.transaction?.id !== transaction) return false;
  if (payee !== undefined && !body.transaction?.payee.includes(payee)) return false;
  if (service !== undefined && body.detail?.service !== service) return false;
  if (address !== undefined && body.detail?.address !== address) return false;
  if (reason !== undefined && body.reason !== reason) return false;
  if (currency !== undefined && body.transaction?.currency !== currency) return false;
  if (amountMin !== undefined || amountMax !== undefined) {
    const amount = body.transaction?.amount;
    if (amount === undefined) return false;
    if (amountMin !== undefined && compareAmounts(amount, amountMin) < 0) return false;
    if (amountMax !== undefined && compareAmounts(amount, amountMax) > 0) return false;
  }
  if (text === undefined) return true;
  const words = wordsOf(textsOf(body));
  return wordsSought(text).every((word) => words.has(word));
}

/** Whether the columns of an entry tell that it does not fit, so that its body need not be parsed. */
export function cannotFit({ userId, types, from, to }: EntryFilter, entry: FilteredEntry): boolean {
  return (
    (userId !== undefined && userId !== entry.userId) ||
    !isOfTypes(types, entry.type) ||
    (from !== undefined && entry.at < from) ||
    (to !== undefined && entry.at >= to)
  );
}
