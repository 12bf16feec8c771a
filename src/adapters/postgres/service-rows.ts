import type { ServiceKey, ServiceRow } from '../../ports/store.ts';
import type { Connection, Row } from './connection.ts';

const SELECT = `SELECT s.service_id, s.name, s.scopes::json, s.disabled, s.created_at,
    (SELECT coalesce(json_agg(json_build_object('hash', hash, 'createdAt', created_at) ORDER BY created_at, hash), '[]')
      FROM service_keys WHERE service_id = s.service_id) FROM services s`;
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

function serviceFrom([serviceId, name, scopes, disabled, createdAt, keys]: Row): ServiceRow {
  return {
    serviceId: serviceId as string,
    name: name as string,
    scopes: scopes as string[],
    keys: keys as ServiceKey[],
    disabled: disabled as boolean,
    createdAt: createdAt as number,
  };
}
