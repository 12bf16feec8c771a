import type { ServiceKeyUse, ServiceRow } from '../../ports/store.ts';
import type { StoredServiceKey, StoredServiceKeyFacts } from '../sql/columns.ts';
import { RECORD_KEY_USE, serviceKeyOf } from '../sql/service-key-statements.ts';
import type { Connection, Row } from './connection.ts';

const SELECT = `SELECT s.service_id, s.name, s.scopes::json, s.disabled, s.created_at,
    (SELECT coalesce(json_agg(json_build_object('hash', hash, 'createdAt', created_at, 'hint', hint,
        'expiresAt', expires_at, 'lastUsedAt', last_used_at) ORDER BY created_at, hash), '[]')
      FROM service_keys o LEFT JOIN service_key_facts f USING (hash) WHERE o.service_id = s.service_id) FROM services s`;
const RECORD = { name: 'service_key_use', text: RECORD_KEY_USE };
const ALL = { name: 'services_all', text: `${SELECT} ORDER BY s.name` };
const BY_KEY = {
  name: 'services_by_key',
  text: `${SELECT} JOIN service_keys k ON k.service_id = s.service_id WHERE k.hash = $1`,
};

export async function listServices(connection: Connection): Promise<ServiceRow[]> {
  return (await connection.run(ALL)).rows.map(serviceFrom);
}

export async function findService(connection: Connection, keyHash: string): Promise<ServiceRow | undefined> {
  const [row] = (await connection.run(BY_KEY, [keyHash])).rows;
  return row && serviceFrom(row);
}

/** In order of the hashes: of two servers that record the same keys neither waits for the other twice. */
export async function recordKeyUses(connection: Connection, uses: readonly ServiceKeyUse[]): Promise<void> {
  const ordered = [...uses].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  for (const { hash, hint, at } of ordered) await connection.run(RECORD, [hash, hint, at]);
}

type FoundKey = StoredServiceKey & Partial<StoredServiceKeyFacts>;

function serviceFrom([serviceId, name, scopes, disabled, createdAt, keys]: Row): ServiceRow {
  return {
    serviceId: serviceId as string,
    name: name as string,
    scopes: scopes as string[],
    keys: (keys as FoundKey[]).map((key) => serviceKeyOf(key, key)),
    disabled: disabled as boolean,
    createdAt: createdAt as number,
  };
}
