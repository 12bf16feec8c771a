import Type from 'typebox';
import { receiptOf } from '../../../application/receipts/find-receipt.ts';
import { findRequesters } from '../../../application/transactions/find-requesters.ts';
import { transactionStory } from '../../../application/transactions/transaction-story.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import { callerId } from '../caller.ts';
import { Order, SEARCH_DESCRIPTION, SEARCHED, searchedView } from '../entry-search.ts';
import { Entry, entryView } from '../journal-view.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, Username } from '../schema.ts';
import {
  FoundView,
  foundView,
  searchTransactionPage,
  TRANSACTION_FILTERS,
  transactionSearchOf,
} from '../transaction-search.ts';

export const adminTransactionRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/transactions',
    tag: 'administration',
    summary: "Everybody's transactions, the newest first",
    description: `Each once: where it was decided, or where it was asked for while it waits. ${SEARCH_DESCRIPTION}`,
    caller: 'auditor',
    query: {
      ...TRANSACTION_FILTERS,
      order: Type.Optional(Order),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({
          transactions: Type.Array(FoundView),
          next_cursor: NextCursor,
          ...SEARCHED,
        }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, dependencies) {
      const { order = 'newest', limit = LIMITS.pageSize, cursor, ...filters } = query;
      const request = await transactionSearchOf(dependencies, filters);
      const list = ['admin-transactions', callerId(caller), JSON.stringify([request ?? filters, order])];
      const sortKey = await dependencies.cursors.read(list, cursor);
      if (isRefusal(sortKey)) return sortKey;
      const page = await searchTransactionPage(dependencies, request, { order, limit, sortKey });
      return {
        status: 200,
        body: {
          transactions: page.found.map((found) => foundView(found)),
          next_cursor: page.next === undefined ? null : await dependencies.cursors.write(list, page.next),
          ...searchedView(page),
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
      const requesters = await findRequesters(context, [story.transaction]);
      return {
        status: 200,
        body: {
          transaction: foundView(
            { ...story.transaction, username: user.username },
            requesters.get(story.transaction.id),
          ),
          entries: story.entries.map((entry) => entryView(entry, true)),
          ...(receipt === undefined ? {} : { receipt }),
        },
      };
    },
  }),
];
