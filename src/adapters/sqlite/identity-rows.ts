import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IdentityRow, NamedIdentity, SideRow, UserId } from '../../ports/store.ts';
import { IDENTITIES, valuesOf } from '../sql/columns.ts';
import {
  FIND_SEALING_KEY,
  findIdentityStatement,
  INSERT_KEY,
  LIST_IDENTITIES,
  namedIdentity,
  UPDATE_IDENTITY,
} from '../sql/identity-statements.ts';
import { inputValues, insertInto, prepareShared } from './row-sql.ts';

/** Reads and writes identities and the index of their keys. */
export class IdentityRows {
  readonly #insert: StatementSync;
  readonly #insertKey: StatementSync;
  readonly #update: StatementSync;
  readonly #find: StatementSync;
  readonly #list: StatementSync;
  readonly #bySealingKey: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(insertInto('identities', IDENTITIES));
    this.#insertKey = prepareShared(database, INSERT_KEY);
    this.#update = prepareShared(database, UPDATE_IDENTITY);
    this.#find = prepareShared(database, findIdentityStatement('users'));
    this.#list = prepareShared(database, LIST_IDENTITIES);
    this.#bySealingKey = prepareShared(database, FIND_SEALING_KEY);
  }

  /** @returns false when one of the keys is taken */
  insert(identity: IdentityRow): boolean {
    this.#insert.run(...inputValues(valuesOf(IDENTITIES, identity)));
    const { userId, version, signKey, sealKey } = identity;
    return [signKey, sealKey].every((key) => Number(this.#insertKey.run(key, userId, version).changes) === 1);
  }

  update(row: SideRow & { readonly kind: 'identity.update' }): void {
    const { userId, version, level, seen, verifiedBy, revokedAt, revokedReason } = row;
    const values = [level, seen, verifiedBy, revokedAt, revokedReason].map((value) => value ?? null);
    if (Number(this.#update.run(userId, version, ...values).changes) !== 1)
      throw new Error('a decision changes a row that is not there');
  }

  find(username: string): NamedIdentity | undefined {
    return only(this.#find.all(username));
  }

  list(userId: UserId, limit: number): IdentityRow[] {
    return this.#list.all(userId, limit).map((row) => namedIdentity(row as unknown as readonly unknown[]));
  }

  findBySealingKey(thumbprint: string): NamedIdentity | undefined {
    return only(this.#bySealingKey.all(thumbprint));
  }
}

function only([row]: readonly object[]): NamedIdentity | undefined {
  return row && namedIdentity(row as readonly unknown[]);
}
