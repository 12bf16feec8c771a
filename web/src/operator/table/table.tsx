import type { ReactNode } from 'react';
import styles from './table.module.css';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly numeric?: boolean;
  /** The cell holds a badge, which must not wrap. */
  readonly whole?: boolean;
}

/** Explicit roles: the narrow layout (display: block) removes those of the elements. */
const ROLES = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  head: { role: 'columnheader' },
  rowHead: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const;

/**
 * A table whose first column names the row. On a narrow screen each row becomes a block with the column titles in it.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  /** For screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}) {
  const [first, ...others] = columns;
  if (!first) return null;
  return (
    <table className={styles.table} {...ROLES.table}>
      <caption className="sello-spoken">{caption}</caption>
      <thead className={styles.head} {...ROLES.group}>
        <tr {...ROLES.row}>
          {columns.map(({ key, title, numeric }) => (
            <th key={key} scope="col" data-numeric={numeric} {...ROLES.head}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...ROLES.group}>
        {rows.map((row) => (
          <tr key={keyOf(row)} {...ROLES.row}>
            <th scope="row" className="sello-text" {...ROLES.rowHead}>
              {first.cell(row)}
            </th>
            {others.map(({ key, title, cell, numeric, whole }) => (
              <td key={key} data-title={title} data-numeric={numeric} data-whole={whole} {...ROLES.cell}>
                <div className="sello-text">{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
