import Type from 'typebox';
import { searchEntries } from '../../../application/search/search-entries.ts';
import type { FoundTransaction } from '../../../application/search/search-transactions.ts';
import { searchUsers } from '../../../application/search/search-users.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import type { JournalEntry } from '../../../ports/journal-reader.ts';
import type { UserScanPlace } from '../../../ports/search-store.ts';
import { ENTRY_FILTERS, entryFilterOf, Order } from '../entry-search.ts';
import {
  EXPORT_DESCRIPTION,
  EXPORT_RESPONSES,
  exportFiltered,
  Format,
  type Row,
} from '../filtered-export.ts';
import { entryView } from '../journal-view.ts';
import { route } from '../route.ts';
import {
  foundView,
  searchTransactionPage,
  TRANSACTION_FILTERS,
  transactionSearchOf,
} from '../transaction-search.ts';
import { USER_FILTERS, UserSort, userSearchOf } from '../user-search.ts';

const ENTRY_COLUMNS = [
  ...['position', 'at', 'type', 'user', 'version', 'reason', 'transaction', 'payee', 'payer'],
  ...['amount', 'currency', 'detail', 'hash'],
];
const TRANSACTION_COLUMNS = [
  ...['id', 'user', 'status', 'amount', 'currency', 'payee', 'payer', 'requested_at', 'decided_at', 'reason'],
];
const USER_COLUMNS = ['id', 'username', 'role', 'disabled', 'created_at', 'last_login_at'];

function entryRow(entry: JournalEntry): { readonly whole: unknown; readonly row: Row } {
  const whole = entryView(entry, true);
  const { at, type, user, version, reason, transaction, detail } = whole.body;
  const { id, payee, payer, amount, currency } = transaction ?? {};
  return {
    whole,
    row: {
      ...{ position: entry.position, at, type, user, version, reason, transaction: id },
      ...{ payee, payer, amount, currency, detail: detail && JSON.stringify(detail), hash: entry.hash },
    },
  };
}

function transactionRow(found: FoundTransaction): { readonly whole: unknown; readonly row: Row } {
  const whole = foundView(found);
  const { id, user, status, amount, currency, payee, payer, requested_at, decided_at, reason } = whole;
  return {
    whole,
    row: { id, user, status, amount, currency, payee, payer, requested_at, decided_at, reason },
  };
}

export const adminExportRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/journal/selection',
    tag: 'administration',
    summary: 'The entries that fit, as a file',
    description: EXPORT_DESCRIPTION,
    caller: 'auditor',
    query: { ...ENTRY_FILTERS, order: Type.Optional(Order), format: Type.Optional(Format) },
    responses: EXPORT_RESPONSES,
    refusals: ['busy', 'user_unknown'],
    async handle(request, dependencies) {
      const { format = 'csv', order = 'newest', ...filters } = request.query;
      const filter = await entryFilterOf(dependencies, filters);
      if (isRefusal(filter)) return filter;
      return exportFiltered(dependencies, request, {
        ...{ list: 'journal', format, query: request.query, columns: ENTRY_COLUMNS },
        async read(cursor: number | undefined, signal) {
          const page = { filter, order, cursor, limit: LIMITS.pageSizeMax, signal };
          const { found, next } = await searchEntries(dependencies.context, page);
          return { rows: found.map(entryRow), next };
        },
      });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/transactions/selection',
    tag: 'administration',
    summary: 'The transactions that fit, as a file',
    description: EXPORT_DESCRIPTION,
    caller: 'auditor',
    query: { ...TRANSACTION_FILTERS, order: Type.Optional(Order), format: Type.Optional(Format) },
    responses: EXPORT_RESPONSES,
    refusals: ['busy'],
    async handle(request, dependencies) {
      const { format = 'csv', order = 'newest', ...filters } = request.query;
      const asked = await transactionSearchOf(dependencies, filters);
      return exportFiltered(dependencies, request, {
        ...{ list: 'transactions', format, query: request.query, columns: TRANSACTION_COLUMNS },
        async read(sortKey: string | undefined, signal) {
          const page = { order, sortKey, limit: LIMITS.pageSizeMax, signal };
          const { found, next } = await searchTransactionPage(dependencies, asked, page);
          return { rows: found.map(transactionRow), next };
        },
      });
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/users/selection',
    tag: 'administration',
    summary: 'The users who fit, as a file',
    description: EXPORT_DESCRIPTION,
    caller: 'auditor',
    query: { ...USER_FILTERS, sort: Type.Optional(UserSort), format: Type.Optional(Format) },
    responses: EXPORT_RESPONSES,
    refusals: ['busy'],
    handle(request, dependencies) {
      const { format = 'csv', sort = 'registered', ...filters } = request.query;
      const search = userSearchOf(filters, sort);
      return exportFiltered(dependencies, request, {
        ...{ list: 'users', format, query: request.query, columns: USER_COLUMNS },
        async read(after: UserScanPlace | undefined) {
          const page = { ...search, after, limit: LIMITS.pageSizeMax };
          const { found, next } = await searchUsers(dependencies.context, page);
          return {
            rows: found.map(({ userId, username, role, disabled, createdAt, lastLogInAt }) => {
              const row = {
                ...{ id: `${userId}`, username, role, disabled, created_at: rfc3339(createdAt) },
                ...(lastLogInAt > 0 ? { last_login_at: rfc3339(lastLogInAt) } : {}),
              };
              return { whole: row, row };
            }),
            next,
          };
        },
      });
    },
  }),
];
