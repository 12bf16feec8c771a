import type { Statement, Value } from './connection.ts';

/** Rows a statement. There are few sizes, so that each statement is prepared once and keeps its plan. */
const SIZES = [64, 16, 4, 1] as const;

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** Inserts rows of one table (`INSERT … VALUES (…), (…)`), in as few statements as the sizes allow. */
export class MultiRowInsert {
  readonly #name: string;
  readonly #head: string;
  readonly #columns: readonly Column[];
  readonly #tail: string;
  readonly #statements = new Map<number, Statement>();

  /** @param tail SQL after the rows: `ON CONFLICT …`, `RETURNING …` */
  constructor(table: string, columns: readonly Column[], tail: string) {
    this.#name = table;
    this.#columns = columns;
    this.#head = `INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) VALUES `;
    this.#tail = tail;
  }

  /** @param values of all rows, row after row */
  *statements(values: readonly Value[]): Generator<readonly [Statement, readonly Value[]]> {
    const width = this.#columns.length;
    let left = values.length / width;
    let from = 0;
    for (const size of SIZES) {
      for (; left >= size; left -= size) {
        const to = from + size * width;
        yield [this.#statement(size), values.slice(from, to)];
        from = to;
      }
    }
  }

  #statement(size: number): Statement {
    const known = this.#statements.get(size);
    if (known) return known;
    let parameter = 0;
    const row = () => `(${this.#columns.map(({ type }) => `$${++parameter}::${type}`).join(', ')})`;
    const text = `${this.#head}${Array.from({ length: size }, row).join(', ')} ${this.#tail}`;
    const statement = { name: `${this.#name}_${size}`, text };
    this.#statements.set(size, statement);
    return statement;
  }
}
