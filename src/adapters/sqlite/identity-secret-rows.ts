import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IdentitySecretsRow, SideRow, UserId } from '../../ports/store.ts';
import { IDENTITY_SECRETS, valuesOf } from '../sql/columns.ts';
import {
  DELETE_OFFERED,
  DELETE_OTHERS,
  DELETE_SECRETS,
  ENROL_SECRETS,
  FIND_SECRETS,
  identitySecrets,
  PRUNE_SECRETS,
} from '../sql/identity-secret-statements.ts';
import { inputValues, insertInto, prepareShared } from './row-sql.ts';

/** Reads and writes the keys of messages that the vault holds for users. */
export class IdentitySecretRows {
  readonly #insert: StatementSync;
  readonly #deleteOffered: StatementSync;
  readonly #enrol: StatementSync;
  readonly #deleteOthers: StatementSync;
  readonly #delete: StatementSync;
  readonly #find: StatementSync;
  readonly #prune: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(insertInto('identity_secrets', IDENTITY_SECRETS));
    this.#deleteOffered = prepareShared(database, DELETE_OFFERED);
    this.#enrol = prepareShared(database, ENROL_SECRETS);
    this.#deleteOthers = prepareShared(database, DELETE_OTHERS);
    this.#delete = prepareShared(database, DELETE_SECRETS);
    this.#find = prepareShared(database, FIND_SECRETS);
    this.#prune = prepareShared(database, PRUNE_SECRETS);
  }

  insert(secrets: IdentitySecretsRow): void {
    this.#deleteOffered.run(secrets.userId);
    this.#insert.run(...inputValues(valuesOf(IDENTITY_SECRETS, secrets)));
  }

  /** @returns false where they are not offered any more */
  enrol({ userId, signKey, version }: SideRow & { readonly kind: 'identity_secrets.enrol' }): boolean {
    if (Number(this.#enrol.run(userId, signKey, version).changes) !== 1) return false;
    this.#deleteOthers.run(userId, version);
    return true;
  }

  delete(userId: UserId): void {
    this.#delete.run(userId);
  }

  find(userId: UserId): IdentitySecretsRow[] {
    return this.#find.all(userId).map((row) => identitySecrets(row as unknown as readonly unknown[]));
  }

  /** @returns how many were deleted */
  prune(madeBefore: number, limit: number): number {
    return Number(this.#prune.run(madeBefore, limit).changes);
  }
}
