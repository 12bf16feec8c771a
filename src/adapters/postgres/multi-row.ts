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
  readonly #shared: readonly Column[];
  readonly #tail: string;
  readonly #statements = new Map<number, Statement>();

  /**
   * @param tail SQL after the rows: `ON CONFLICT …`, `RETURNING …`
   * @param shared columns that have one value in all rows, sent once a statement
   */
  constructor(table: string, columns: readonly Column[], tail: string, shared: readonly Column[] = []) {
    this.#name = table;
    this.#columns = columns;
    this.#shared = shared;
    this.#head = `INSERT INTO ${table} (${[...shared, ...columns].map(({ name }) => name).join(', ')}) VALUES `;
    this.#tail = tail;
  }

  /** @param values of all rows, row after row */
  *statements(
    values: readonly Value[],
    shared: readonly Value[] = [],
  ): Generator<readonly [Statement, readonly Value[]]> {
    const width = this.#columns.length;
    let left = values.length / width;
    let from = 0;
    for (const size of SIZES) {
      for (; left >= size; left -= size) {
        const to = from + size * width;
        const own = values.slice(from, to);
        yield [this.#statement(size), shared.length > 0 ? [...shared, ...own] : own];
        from = to;
      }
    }
  }

  #statement(size: number): Statement {
    const known = this.#statements.get(size);
    if (known) return known;
    const shared = this.#shared.map(({ type }, index) => `$${index + 1}::${type}`);
    let parameter = shared.length;
    const row = () =>
      `(${[...shared, ...this.#columns.map(({ type }) => `$${++parameter}::${type}`)].join(', ')})`;
    const text = `${this.#head}${Array.from({ length: size }, row).join(', ')} ${this.#tail}`;
    const statement = { name: `${this.#name}_${size}`, text };
    this.#statements.set(size, statement);
    return statement;
  }
}
