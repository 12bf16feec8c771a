/** A change of `recordedRows`, as an entry's body states it. */
export interface RowChange {
  readonly act: 'insert' | 'set' | 'delete' | 'delete_all';
  readonly table: string;
  /** Empty for the user's own row, and for the entry's own transaction. */
  readonly key: string;
  /** Of `set`. */
  readonly column: string;
  /** Of `insert` the digest. */
  readonly value: string;
  /** Of a session: ms since 1970. 0 for other rows. */
  readonly expiresAt: number;
}

const CHANGE = /^([+=-])([a-z]+)(?:\/([^:]+?))?(?:\.([a-z]+))?(?::([^:]*))?(?::(\d+))?$/;

/** Parses what `recordedRows` writes. Skips what it does not know: a later version may write more. */
export function parseRowChanges(text: string): readonly RowChange[] {
  return text.split(' ').flatMap((change): readonly RowChange[] => {
    const [, sign, table, given = '', suffix, value = '', expiresAt = '0'] = CHANGE.exec(change) ?? [];
    if (sign === undefined || table === undefined) return [];
    // Only a change of a column ends in a column's name; a key may have dots of its own.
    const isSet = sign === '=';
    const key = isSet || suffix === undefined ? given : `${given}.${suffix}`;
    const act = isSet ? 'set' : sign === '+' ? 'insert' : key === '' ? 'delete_all' : 'delete';
    const column = isSet ? (suffix ?? '') : '';
    return [{ act, table, key, column, value, expiresAt: Number(expiresAt) }];
  });
}
