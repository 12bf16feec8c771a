import Type, { type Static } from 'typebox';
import { findRequesters } from '../../../application/transactions/find-requesters.ts';
import {
  findServiceTransaction,
  findTransaction,
  listServiceTransactions,
  listTransactions,
} from '../../../application/transactions/find-transactions.ts';
import { resembledPayees } from '../../../application/transactions/resembled-payee.ts';
import { type TransactionView, viewOfRow } from '../../../application/transactions/transaction-view.ts';
import { waitForDecision } from '../../../application/transactions/wait-for-decision.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import type { TransactionStatus } from '../../../ports/store.ts';
import { type Caller, callerId } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor } from '../schema.ts';
import { Status, TRANSACTION_EXAMPLE, Transaction, transactionView } from '../transaction-view.ts';

/** Finds a transaction of the caller: a user's own, or one that the service asked for. */
export function findFor(
  { context }: HttpDependencies,
  caller: Caller,
  id: string,
): Promise<TransactionView | undefined> {
  return caller.kind === 'user'
    ? findTransaction(context, caller.session.userId, id)
    : findServiceTransaction(context, caller.service.serviceId, id);
}

/** What the caller is shown of transactions. Services are not told whom a user paid before. */
async function viewsFor(
  { context }: HttpDependencies,
  caller: Caller,
  transactions: readonly TransactionView[],
): Promise<Static<typeof Transaction>[]> {
  const resembled =
    caller.kind === 'user' ? await resembledPayees(context, caller.session.userId, transactions) : undefined;
  const requesters = await findRequesters(context, transactions);
  return transactions.map((view) =>
    transactionView(view, { payeeResembles: resembled?.get(view.id), requestedBy: requesters.get(view.id) }),
  );
}

async function viewFor(dependencies: HttpDependencies, caller: Caller, view: TransactionView) {
  return { status: 200, body: (await viewsFor(dependencies, caller, [view]))[0] };
}

async function listFor(
  { context, cursors }: HttpDependencies,
  caller: Caller,
  page: {
    readonly status: TransactionStatus | undefined;
    readonly sortKey: string | undefined;
    readonly limit: number;
  },
) {
  const { sortKey, limit } = page;
  const status = page.status === undefined ? {} : { status: page.status };
  const write = (next: string) => cursors.write(listOf(caller, page.status), next);
  if (caller.kind === 'user') {
    const below = sortKey === undefined ? Number.POSITIVE_INFINITY : Number(sortKey);
    const { transactions, next } = await listTransactions(context, caller.session.userId, {
      ...{ below, limit },
      ...status,
    });
    return { transactions, next: next === undefined ? null : await write(`${next}`) };
  }
  const { serviceId } = caller.service;
  const rows = await listServiceTransactions(context, {
    ...{ serviceId, limit: limit + 1 },
    ...(sortKey === undefined ? {} : { below: sortKey }),
    ...status,
  });
  const transactions = rows.slice(0, limit).map(viewOfRow);
  const last = transactions.at(-1);
  return { transactions, next: rows.length > limit && last ? await write(last.id) : null };
}

function listOf(caller: Caller, status: TransactionStatus | undefined): readonly string[] {
  return ['transactions', callerId(caller), status ?? ''];
}

export const transactionReadRoutes = [
  route({
    method: 'GET',
    path: '/v1/transactions',
    tag: 'transactions',
    summary: 'List transactions',
    description:
      "The user's own, or those that the service asked for (`transactions:read`), the newest first.",
    caller: 'user_or_service',
    device: true,
    scope: 'transactions:read',
    query: { status: Type.Optional(Status), limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ transactions: Type.Array(Transaction), next_cursor: NextCursor }),
        example: { transactions: [TRANSACTION_EXAMPLE], next_cursor: null },
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, dependencies) {
      const { status, limit = LIMITS.pageSize } = query;
      const sortKey = await dependencies.cursors.read(listOf(caller, status), query.cursor);
      if (isRefusal(sortKey)) return sortKey;
      const { transactions, next } = await listFor(dependencies, caller, { status, sortKey, limit });
      const views = await viewsFor(dependencies, caller, transactions);
      return { status: 200, body: { transactions: views, next_cursor: next } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/transactions/{id}',
    tag: 'transactions',
    summary: 'One transaction',
    description: 'With `wait_s` the answer waits for the decision, at most so many seconds.',
    caller: 'user_or_service',
    device: true,
    scope: 'transactions:read',
    params: { id: Id },
    query: {
      wait_s: Type.Optional(Type.Integer({ minimum: 0, maximum: LIMITS.waitMsMax / 1000, default: 0 })),
    },
    responses: { 200: { description: 'As it is now.', schema: Transaction, example: TRANSACTION_EXAMPLE } },
    refusals: ['transaction_unknown', 'busy'],
    async handle({ caller, params, query, address, gone }, dependencies) {
      const found = await findFor(dependencies, caller, params.id);
      if (!found) return refuse('transaction_unknown');
      const waitMs = (query.wait_s ?? 0) * 1000;
      if (waitMs === 0 || found.status !== 'pending') return viewFor(dependencies, caller, found);
      const { context, waiting } = dependencies;
      const early = new AbortController();
      const place = waiting.take(caller, address, () => early.abort());
      if (!place) return refuse('busy', { retryAfterMs: 1_000 });
      try {
        const find = () => findFor(dependencies, caller, params.id);
        const view = await waitForDecision(context, found.userId, find, {
          waitMs,
          signal: AbortSignal.any([gone(), early.signal]),
        });
        return await viewFor(dependencies, caller, view ?? found);
      } finally {
        place.release();
      }
    },
  }),
];
