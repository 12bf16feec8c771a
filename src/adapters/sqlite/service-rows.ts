import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ServiceKey, ServiceRow } from '../../ports/store.ts';
import { SERVICE_KEYS, SERVICES, type StoredService, storedService, valuesOf } from '../sql/columns.ts';
import { inputValues, insertInto, plainRows, selectList } from './row-sql.ts';

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

  constructor(database: DatabaseSync) {
    this.#all = database.prepare(`${SELECT} ORDER BY name`);
    this.#byKey = database.prepare(
      `${SELECT} WHERE service_id = (SELECT service_id FROM service_keys WHERE hash = ?)`,
    );
    this.#keys = database.prepare(
      'SELECT hash, created_at AS createdAt FROM service_keys WHERE service_id = ? ORDER BY created_at, hash',
    );
    this.#insert = database.prepare(insertInto('services', SERVICES));
    this.#update = database.prepare('UPDATE services SET scopes = ?, disabled = ? WHERE service_id = ?');
    this.#deleteKeys = database.prepare('DELETE FROM service_keys WHERE service_id = ?');
    this.#insertKey = database.prepare(insertInto('service_keys', SERVICE_KEYS));
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
  }

  #writeKeys({ serviceId, keys }: ServiceRow): void {
    for (const key of keys)
      this.#insertKey.run(...inputValues(valuesOf(SERVICE_KEYS, { ...key, serviceId })));
  }

  #service({ serviceId, name, scopes, disabled, createdAt }: FoundService): ServiceRow {
    const keys = plainRows<ServiceKey>(this.#keys.all(serviceId));
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
