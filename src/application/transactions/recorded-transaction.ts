import { isDeepStrictEqual } from 'node:util';
import type { RecordedBody, RecordedTransaction } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry, LinkedEntry } from '../../ports/journal-reader.ts';
import type { TransactionRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { intactBody } from '../journal/intact-entry.ts';
import type { DecidedTransaction } from '../receipts/receipt-signer.ts';
import { recordedOf } from './ended-transaction.ts';
import type { RequestedTransaction } from './request-transaction.ts';
import { type RequestedBy, requesterOf } from './requested-by.ts';
import { STATUS_OF, timeOfId } from './transaction-view.ts';

const ENTRIES_PER_READ = 256;
/** How far back the decision of a pending row is looked for. A pending transaction is at most minutes old. */
const ENTRIES_SEARCHED_MAX = 1_024;

/**
 * Reads a row of `transactions` and checks it against the journal, which alone says what was asked for and decided. A row
 * that does not fit is read again, because a decision may have been committed between row and entry.
 * @throws ContradictedRow when it still does not fit
 */
export async function readChecked(
  context: Context,
  read: () => Promise<TransactionRow | undefined>,
): Promise<TransactionRow | undefined> {
  const row = await read();
  if (!row || !(await contradictionOf(context, row))) return row;
  const again = await read();
  if (again) await assertRecorded(context, again);
  return again;
}

/**
 * Checks that the journal says what the row does. Does NOT check `expiresAt`, which no entry has.
 * @throws ContradictedRow
 */
export async function assertRecorded(context: Context, row: TransactionRow): Promise<void> {
  const wrong = await contradictionOf(context, row);
  if (wrong !== undefined) {
    throw context.contradictions.found(
      `the row of transaction ${row.transactionId} of user ${row.userId}: ${wrong}`,
    );
  }
}

/**
 * Checks that the journal says what an idempotency record keeps of a decision.
 * @throws ContradictedRow
 */
export async function assertKept(
  context: Context,
  userId: UserId,
  kept: DecidedTransaction | RequestedTransaction,
): Promise<void> {
  const fits =
    'status' in kept ? await isRequested(context, userId, kept) : await isRecorded(context, userId, kept);
  if (fits) return;
  const id = 'status' in kept ? kept.transactionId : kept.transaction.id;
  throw context.contradictions.found(
    `the idempotency record of transaction ${id} of user ${userId} is not what its entry says`,
  );
}

async function isRecorded(
  { store }: Context,
  userId: UserId,
  { transaction, version, hash, proofs }: DecidedTransaction,
): Promise<boolean> {
  const [entry, before] = await store.readUserJournal(userId, { below: version + 1, limit: 2 });
  const body = entry && intactBody(entry, before?.hash ?? GENESIS_HASH);
  return (
    entry?.hash === hash &&
    body?.type === 'transaction.approved' &&
    body.transaction !== undefined &&
    isSame(body.transaction, transaction) &&
    body.detail?.proofs === (proofs.join(' ') || 'session')
  );
}

async function isRequested(context: Context, userId: UserId, kept: RequestedTransaction): Promise<boolean> {
  const request = await requestedTransaction(context, userId, kept.transactionId);
  return (
    fitsRequest(kept, request) &&
    kept.velocity === request?.velocity &&
    isDeepStrictEqual(kept.requestedBy, request?.requestedBy)
  );
}

/** The transaction as its intact entry of request states it, and the service that asked. @returns undefined without such an entry */
export async function requestedTransaction(
  context: Context,
  userId: UserId,
  transactionId: string,
): Promise<RecordedRequest | undefined> {
  const entry = await requestOf(context, userId, transactionId);
  const body = entry && intactBody(entry, entry.previous);
  if (!body?.transaction) return undefined;
  const requestedBy = requesterOf(body.detail);
  return {
    ...{ transaction: body.transaction, serviceId: serviceOf(body), velocity: body.detail?.velocity },
    ...(requestedBy ? { requestedBy } : {}),
  };
}

export interface RecordedRequest {
  readonly transaction: RecordedTransaction;
  /** Empty where the user asked. */
  readonly serviceId: string;
  /** What of the velocity limit it exceeded. */
  readonly velocity: unknown;
  readonly requestedBy?: RequestedBy;
}

/** Whether a pending row says what its entry of request does. */
export function fitsRequest(row: TransactionRow, request: RecordedRequest | undefined): boolean {
  return (
    request !== undefined &&
    row.serviceId === request.serviceId &&
    isSame(recordedOf(row), request.transaction)
  );
}

/**
 * The entry that ended a transaction, among the latest of its user.
 * @returns undefined when there is none, or it lies further back than is searched
 */
export async function findEnd(
  { store }: Context,
  { userId, transactionId, requestedAt }: TransactionRow,
): Promise<JournalEntry | undefined> {
  let below = Number.POSITIVE_INFINITY;
  for (let read = 0; read < ENTRIES_SEARCHED_MAX; read += ENTRIES_PER_READ) {
    const entries = await store.readUserJournal(userId, { below, limit: ENTRIES_PER_READ });
    for (const entry of entries) {
      if (entry.at < requestedAt) return undefined;
      below = entry.version;
      const status = STATUS_OF[entry.type];
      if (status !== undefined && status !== 'pending' && names(entry, transactionId)) return entry;
    }
    if (entries.length < ENTRIES_PER_READ) return undefined;
  }
  return undefined;
}

/** @returns what is wrong, in words for the operator */
async function contradictionOf(context: Context, row: TransactionRow): Promise<string | undefined> {
  if (row.requestedAt !== timeOfId(row.transactionId)) return 'its time of request is not that of its id';
  const { userId, transactionId } = row;
  if (row.status === 'pending') {
    const request = await requestedTransaction(context, userId, transactionId);
    if (!request) return 'no intact entry requested it';
    if (!fitsRequest(row, request)) return 'the entry of its request says something else';
    const end = await findEnd(context, row);
    return end && `it is pending, and entry ${end.version} decided it`;
  }
  const entries = await context.store.findEntriesAt(userId, row.decidedAt);
  const entry = entries.find(({ version }) => version === row.decidedVersion);
  const body = entry && intactBody(entry, entry.previous);
  if (!entry || !body?.transaction) return `no intact entry ${row.decidedVersion} decided it`;
  const says =
    STATUS_OF[entry.type] === row.status &&
    (body.reason ?? '') === row.reason &&
    serviceOf(body) === row.serviceId &&
    isSame(recordedOf(row), body.transaction);
  return says ? undefined : `entry ${row.decidedVersion}, which decided it, says something else`;
}

/** By the time in its id; where a clock had been put back, among the user's latest entries. */
async function requestOf(
  { store }: Context,
  userId: UserId,
  transactionId: string,
): Promise<LinkedEntry | undefined> {
  const at = timeOfId(transactionId);
  if (at === undefined) return undefined;
  const isRequest = (entry: JournalEntry) =>
    entry.type === 'transaction.requested' && names(entry, transactionId);
  const found = (await store.findEntriesAt(userId, at)).find(isRequest);
  if (found) return found;
  const latest = await store.readUserJournal(userId, {
    below: Number.POSITIVE_INFINITY,
    limit: ENTRIES_PER_READ,
  });
  const late = latest.find(isRequest);
  return late && (await store.findEntriesAt(userId, late.at)).find(isRequest);
}

function names({ body }: JournalEntry, transactionId: string): boolean {
  return body.includes(`"id":"${transactionId}"`);
}

function serviceOf({ detail }: RecordedBody): string {
  return typeof detail?.service === 'string' ? detail.service : '';
}

function isSame(said: RecordedTransaction, recorded: RecordedTransaction): boolean {
  return NAMES.every((name) => said[name] === recorded[name]);
}

const NAMES = ['amount', 'challenge', 'currency', 'id', 'payee', 'payer'] as const;
