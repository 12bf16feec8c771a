import type { RecordedBody } from '../journal/entry.ts';
import { magnitude } from './amount-range.ts';
import { type EntryFilter, type FilteredEntry, groupsOf, textsOf } from './entry-filter.ts';
import { wordsOf, wordsSought } from './words.ts';

/*
 * A term is what the index keeps of an entry: 32 bits of a hash of a kind and a value. Two values may share a term, so what
 * the index finds are candidates, which `fits` (entry-filter.ts) then judges.
 */

const GRAM = 3;
const AMOUNT_DIGITS_MAX = 32;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 code units, then the finaliser of MurmurHash3, which spreads it over all 32 bits. */
function termOf(kind: string, value: string, from = 0, to = value.length): number {
  let hash = Math.imul(FNV_OFFSET ^ kind.charCodeAt(0), FNV_PRIME);
  for (let index = from; index < to; index++) {
    hash = Math.imul(hash ^ value.charCodeAt(index), FNV_PRIME);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Each run of three code units of a payee, so that a part of it is found. */
function gramsOf(payee: string): number[] {
  const grams: number[] = [];
  for (let from = 0; from + GRAM <= payee.length; from++) grams.push(termOf('p', payee, from, from + GRAM));
  return grams;
}

const userTerm = (userId: number) => termOf('u', `${userId}`);
const typeTerm = (type: string) => termOf('t', type);
const wordTerm = (word: string) => termOf('w', word);
const amountTerm = (digits: number) => termOf('a', `${digits}`);

/** The terms of an entry, some of them perhaps more than once. */
export function termsOf({ userId, type }: FilteredEntry, body: RecordedBody): number[] {
  const terms = [userTerm(userId), ...groupsOf(type).map(typeTerm)];
  for (const word of wordsOf(textsOf(body))) terms.push(wordTerm(word));
  const { transaction } = body;
  if (transaction) {
    terms.push(
      amountTerm(magnitude(transaction.amount)),
      termOf('i', transaction.id),
      termOf('c', transaction.currency),
    );
    terms.push(...gramsOf(transaction.payee));
  }
  for (const [kind, value] of [
    ['s', body.detail?.service],
    ['n', body.detail?.address],
    ['r', body.reason],
  ] as const) {
    if (typeof value === 'string') terms.push(termOf(kind, value));
  }
  return terms;
}

/**
 * The terms that an entry which fits has: one of each list. None where the filter names nothing that is indexed; times are
 * not, since the index is in their order.
 */
export function termsSought(filter: EntryFilter): readonly (readonly number[])[] {
  const { userId, types, transaction, payee, text, service, address, reason, currency } = filter;
  const { amountMin, amountMax } = filter;
  const sought: number[][] = [];
  if (userId !== undefined) sought.push([userTerm(userId)]);
  if (transaction !== undefined) sought.push([termOf('i', transaction)]);
  if (text !== undefined) sought.push(...wordsSought(text).map((word) => [wordTerm(word)]));
  if (payee !== undefined) sought.push(...gramsOf(payee).map((gram) => [gram]));
  if (service !== undefined) sought.push([termOf('s', service)]);
  if (address !== undefined) sought.push([termOf('n', address)]);
  if (reason !== undefined) sought.push([termOf('r', reason)]);
  if (types) sought.push(types.map(typeTerm));
  if (currency !== undefined) sought.push([termOf('c', currency)]);
  if (amountMin !== undefined || amountMax !== undefined) {
    const from = amountMin === undefined ? 0 : magnitude(amountMin);
    const to =
      amountMax === undefined ? AMOUNT_DIGITS_MAX : Math.min(AMOUNT_DIGITS_MAX, magnitude(amountMax));
    const digits = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    sought.push(digits.map(amountTerm));
  }
  return sought;
}
