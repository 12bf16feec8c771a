import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ServiceKeyUse, ServiceRow } from '../../ports/store.ts';
import {
  SERVICE_KEYS,
  SERVICES,
  type StoredService,
  type StoredServiceKey,
  type StoredServiceKeyFacts,
  storedService,
  valuesOf,
} from '../sql/columns.ts';
import {
  DELETE_KEY_FACTS,
  INSERT_KEY_FACTS,
  keyFactValues,
  keyValues,
  RECORD_KEY_USE,
  serviceKeyOf,
} from '../sql/service-key-statements.ts';
import { inputValues, insertInto, plainRows, prepareShared, selectList } from './row-sql.ts';

const SELECT = `SELECT ${selectList(SERVICES)} FROM services`;

type FoundService = Omit<StoredService, 'disabled'> & { readonly disabled: 0 | 1 };

/** Reads and writes services and the hashes of their keys. */
export class ServiceRows {
  readonly #all: StatementSync;
  readonly #byKey: StatementSync;
  readonly #keys: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #deleteKeys: StatementSync;
  readonly #insertKey: StatementSync;
  readonly #insertFacts: StatementSync;
  readonly #deleteFacts: StatementSync;
  readonly #recordUse: StatementSync;

  constructor(database: DatabaseSync) {
    this.#all = database.prepare(`${SELECT} ORDER BY name`);
    this.#byKey = database.prepare(
      `${SELECT} WHERE service_id = (SELECT service_id FROM service_keys WHERE hash = ?)`,
    );
    this.#keys = database.prepare(
      `SELECT hash, created_at AS createdAt, hint, expires_at AS expiresAt, last_used_at AS lastUsedAt
        FROM service_keys AS k LEFT JOIN service_key_facts AS f USING (hash)
        WHERE k.service_id = ? ORDER BY created_at, hash`,
    );
    this.#insert = database.prepare(insertInto('services', SERVICES));
    this.#update = database.prepare('UPDATE services SET scopes = ?, disabled = ? WHERE service_id = ?');
    this.#deleteKeys = database.prepare('DELETE FROM service_keys WHERE service_id = ?');
    this.#insertKey = database.prepare(insertInto('service_keys', SERVICE_KEYS));
    this.#insertFacts = prepareShared(database, INSERT_KEY_FACTS);
    this.#deleteFacts = prepareShared(database, DELETE_KEY_FACTS);
    this.#recordUse = prepareShared(database, RECORD_KEY_USE);
  }

  list(): ServiceRow[] {
    return plainRows<FoundService>(this.#all.all()).map((row) => this.#service(row));
  }

  findByKey(hash: string): ServiceRow | undefined {
    const [row] = plainRows<FoundService>(this.#byKey.all(hash));
    return row && this.#service(row);
  }

  insert(service: ServiceRow): void {
    this.#insert.run(...inputValues(valuesOf(SERVICES, storedService(service))));
    this.#writeKeys(service);
  }

  update(service: ServiceRow): void {
    const { changes } = this.#update.run(
      JSON.stringify(service.scopes),
      service.disabled ? 1 : 0,
      service.serviceId,
    );
    if (changes !== 1) throw new Error('a decision changes a service that is not there');
    this.#deleteKeys.run(service.serviceId);
    this.#writeKeys(service);
    this.#deleteFacts.run(service.serviceId);
  }

  recordUses(uses: readonly ServiceKeyUse[]): void {
    for (const { hash, hint, at } of uses) this.#recordUse.run(hash, hint, at);
  }

  #writeKeys(service: ServiceRow): void {
    for (const values of keyValues(service)) this.#insertKey.run(...inputValues(values));
    for (const values of keyFactValues(service)) this.#insertFacts.run(...inputValues(values));
  }

  #service({ serviceId, name, scopes, disabled, createdAt }: FoundService): ServiceRow {
    const found = plainRows<StoredServiceKey & Partial<StoredServiceKeyFacts>>(this.#keys.all(serviceId));
    const keys = found.map((key) => serviceKeyOf(key, key));
    return {
      serviceId,
      name,
      scopes: JSON.parse(scopes) as string[],
      keys,
      disabled: disabled === 1,
      createdAt,
    };
  }
}
