import type { UnknownNameChange } from '../../ports/store.ts';
import type { Connection } from './connection.ts';

const FIND = { name: 'unknown_names_find', text: 'SELECT state FROM unknown_names WHERE key = $1' };
const INSERT = {
  name: 'unknown_names_insert',
  text: "INSERT INTO unknown_names (key, position, state, at) VALUES ($1, nextval('unknown_name_positions'), $2, $3) ON CONFLICT DO NOTHING",
};
const UPDATE = {
  name: 'unknown_names_update',
  text: "UPDATE unknown_names SET position = nextval('unknown_name_positions'), state = $2, at = $3 WHERE key = $1 AND state = $4",
};
const DROP = {
  name: 'unknown_names_drop',
  text: 'DELETE FROM unknown_names WHERE position <= (SELECT max(position) FROM unknown_names) - $1::bigint',
};

export async function findUnknownName(connection: Connection, key: string): Promise<string | undefined> {
  const { rows } = await connection.run(FIND, [key]);
  return rows[0]?.[0] as string | undefined;
}

/** In one round trip. @returns whether the state was as expected */
export async function replaceUnknownName(
  connection: Connection,
  { key, expected, state, at, namesMax }: UnknownNameChange,
): Promise<boolean> {
  const [replaced] = await connection.pipeline([
    expected === undefined ? [INSERT, [key, state, at]] : [UPDATE, [key, state, at, expected]],
    [DROP, [namesMax]],
  ]);
  return replaced?.count === 1;
}
