import type { TransactionRow, TransactionStatus, UserId } from '../../ports/store.ts';
import { TRANSACTIONS } from '../sql/columns.ts';
import type { Connection, Statement, Value } from './connection.ts';
import { jsonObject } from './row-sql.ts';
import { cannotBeStored } from './storable.ts';

const SELECT = `SELECT ${jsonObject(TRANSACTIONS)} FROM transactions`;

const ONE = { name: 'transactions_one', text: `${SELECT} WHERE user_id = $1 AND transaction_id = $2` };
const OF_SERVICE = {
  name: 'transactions_of_service',
  text: `${SELECT} WHERE service_id <> '' AND service_id = $1 AND transaction_id = $2`,
};
const LIST_OF_SERVICE = {
  name: 'transactions_list_of_service',
  text: `${SELECT} WHERE service_id <> '' AND service_id = $1 AND transaction_id < $2 AND ($3::text = '' OR status = $3::text) ORDER BY transaction_id DESC LIMIT $4`,
};
const EXPIRED = {
  name: 'transactions_expired',
  text: `${SELECT} WHERE status = 'pending' AND expires_at < $1 ORDER BY expires_at LIMIT $2`,
};

async function ask(
  connection: Connection,
  statement: Statement,
  values: readonly Value[],
): Promise<TransactionRow[]> {
  if (values.some((value) => typeof value === 'string' && cannotBeStored(value))) return [];
  const { rows } = await connection.run(statement, values);
  return rows.map(([row]) => row as TransactionRow);
}

/** Reads requested transactions. */
export const transactionRows = {
  async find(
    connection: Connection,
    userId: UserId,
    transactionId: string,
  ): Promise<TransactionRow | undefined> {
    return (await ask(connection, ONE, [userId, transactionId]))[0];
  },

  async findOfService(
    connection: Connection,
    serviceId: string,
    transactionId: string,
  ): Promise<TransactionRow | undefined> {
    return (await ask(connection, OF_SERVICE, [serviceId, transactionId]))[0];
  },

  listOfService(
    connection: Connection,
    serviceId: string,
    below: string,
    status: TransactionStatus | '',
    limit: number,
  ): Promise<TransactionRow[]> {
    return ask(connection, LIST_OF_SERVICE, [serviceId, below, status, limit]);
  },

  expired(connection: Connection, before: number, limit: number): Promise<TransactionRow[]> {
    return ask(connection, EXPIRED, [before, limit]);
  },
};
