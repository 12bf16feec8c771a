import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ServiceKey, ServiceRow } from '../../ports/store.ts';
import { plainRows } from './plain-rows.ts';

const COLUMNS =
  'services.service_id AS serviceId, name, scopes, disabled, services.created_at AS createdAt FROM services';

type Columns = Pick<ServiceRow, 'serviceId' | 'name' | 'createdAt'> & { scopes: string; disabled: number };

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
    this.#all = database.prepare(`SELECT ${COLUMNS} ORDER BY name`);
    this.#byKey = database.prepare(
      `SELECT ${COLUMNS} JOIN service_keys USING (service_id) WHERE service_keys.hash = ?`,
    );
    this.#keys = database.prepare(
      'SELECT hash, created_at AS createdAt FROM service_keys WHERE service_id = ? ORDER BY created_at, hash',
    );
    this.#insert = database.prepare(
      'INSERT INTO services (service_id, name, scopes, disabled, created_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#update = database.prepare('UPDATE services SET scopes = ?, disabled = ? WHERE service_id = ?');
    this.#deleteKeys = database.prepare('DELETE FROM service_keys WHERE service_id = ?');
    this.#insertKey = database.prepare(
      'INSERT INTO service_keys (hash, service_id, created_at) VALUES (?, ?, ?)',
    );
  }

  list(): ServiceRow[] {
    return plainRows<Columns>(this.#all.all()).map((row) => this.#service(row));
  }

  findByKey(hash: string): ServiceRow | undefined {
    const [row] = plainRows<Columns>(this.#byKey.all(hash));
    return row && this.#service(row);
  }

  insert(service: ServiceRow): void {
    const { serviceId, name, scopes, disabled, createdAt } = service;
    this.#insert.run(serviceId, name, JSON.stringify(scopes), disabled ? 1 : 0, createdAt);
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
    for (const { hash, createdAt } of keys) this.#insertKey.run(hash, serviceId, createdAt);
  }

  #service({ serviceId, name, scopes, disabled, createdAt }: Columns): ServiceRow {
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
