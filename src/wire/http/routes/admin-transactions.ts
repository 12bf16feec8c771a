import Type from 'typebox';
import {
  type FoundTransaction,
  searchTransactions,
  transactionStory,
} from '../../../application/journal/search-journal.ts';
import { receiptOf } from '../../../application/receipts/find-receipt.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import { callerId } from '../caller.ts';
import { Entry, entryView } from '../journal-view.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, Username } from '../schema.ts';
import { Status, Transaction, transactionView } from '../transaction-view.ts';

const FoundView = named('UserTransaction', closed({ ...Transaction.properties, user: Username }));

function foundView(found: FoundTransaction) {
  const { challenge: _, ...view } = transactionView(found);
  return { ...view, user: found.username };
}

export const adminTransactionRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/transactions',
    tag: 'administration',
    summary: "Everybody's transactions, the newest first",
    description: 'A page may come short, even empty, with a `next_cursor`: so much is read for one, no more.',
    caller: 'auditor',
    query: {
      status: Type.Optional(Status),
      user: Type.Optional(Username),
      payee: Type.Optional(
        Type.String({ minLength: 1, maxLength: LIMITS.accountBytesMax, description: 'A part of it.' }),
      ),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ transactions: Type.Array(FoundView), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, dependencies) {
      const { status, user, payee, limit = LIMITS.pageSize } = query;
      const list = ['admin-transactions', callerId(caller), status ?? '', user ?? '', payee ?? ''];
      const sortKey = await dependencies.cursors.read(list, query.cursor);
      if (isRefusal(sortKey)) return sortKey;
      const { found, next } = await searchTransactions(dependencies.context, {
        ...{ below: sortKey === undefined ? Number.POSITIVE_INFINITY : Number(sortKey), limit },
        ...(status === undefined ? {} : { status }),
        ...(user === undefined ? {} : { username: user }),
        ...(payee === undefined ? {} : { payee }),
      });
      return {
        status: 200,
        body: {
          transactions: found.map(foundView),
          next_cursor: next === undefined ? null : await dependencies.cursors.write(list, `${next}`),
        },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/transactions/{id}',
    tag: 'administration',
    summary: 'How one transaction of a user went',
    caller: 'auditor',
    params: { id: Id },
    query: { user: Username },
    responses: {
      200: {
        description: 'Every entry that names it, the oldest first.',
        schema: closed({
          transaction: FoundView,
          entries: Type.Array(Entry),
          receipt: Type.Optional(Type.String({ description: 'JWS, where it was approved.' })),
        }),
      },
    },
    refusals: ['transaction_unknown'],
    async handle({ params, query }, { context }) {
      const user = await context.store.findUser(query.user);
      const story = user && (await transactionStory(context, user.userId, params.id));
      if (!user || !story) return refuse('transaction_unknown');
      const receipt = await receiptOf(context, story.transaction);
      return {
        status: 200,
        body: {
          transaction: foundView({ ...story.transaction, username: user.username }),
          entries: story.entries.map((entry) => entryView(entry, true)),
          ...(receipt === undefined ? {} : { receipt }),
        },
      };
    },
  }),
];
