import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { KeptSink, SinkMove, SinkPosition, SinkPositions } from '../../ports/sink-positions.ts';
import type { Connection } from './connection.ts';
import type { Change, SqliteLeases } from './leases.ts';

export class SqliteSinkPositions implements SinkPositions {
  readonly #connection: Connection;
  readonly #change: Change;
  readonly #leases: SqliteLeases;
  readonly #find: StatementSync;
  readonly #store: StatementSync;
  readonly #remove: StatementSync;

  constructor(connection: Connection, change: Change, leases: SqliteLeases) {
    const database: DatabaseSync = connection.database;
    this.#connection = connection;
    this.#change = change;
    this.#leases = leases;
    this.#find = database.prepare('SELECT position, detail FROM sink_positions WHERE sink = ?');
    this.#store = database.prepare(
      'INSERT INTO sink_positions (sink, position, detail) VALUES (?, ?, ?) ON CONFLICT (sink) DO UPDATE SET position = excluded.position, detail = excluded.detail',
    );
    this.#remove = database.prepare('DELETE FROM sink_positions WHERE sink = ?');
  }

  async find(sink: string): Promise<SinkPosition | undefined> {
    return this.#connection.read(() => this.#findNow(sink));
  }

  async move(change: SinkMove): Promise<boolean> {
    return this.#change(() => this.#moveNow(change));
  }

  async keep(kept: readonly KeptSink[]): Promise<readonly boolean[]> {
    const isHeld = kept.map(({ lease, durationMs }) => this.#leases.renewNow(lease, durationMs));
    if (!kept.some(({ move }, index) => move && isHeld[index])) return isHeld;
    return this.#change(() =>
      kept.map(({ lease, move }, index) =>
        isHeld[index] && move ? this.#moveNow({ ...move, lease }) : isHeld[index] === true,
      ),
    );
  }

  /** Runs inside the caller's unit of work. */
  #moveNow({ sink, lease, expected, position, detail }: SinkMove): boolean {
    if (!this.#leases.isCurrent(lease) || this.#findNow(sink)?.position !== expected) return false;
    this.#store.run(sink, position, detail);
    return true;
  }

  async remove(sink: string): Promise<void> {
    this.#change(() => this.#remove.run(sink));
  }

  #findNow(sink: string): SinkPosition | undefined {
    const row = this.#find.get(sink);
    return row && { position: Number(row.position), detail: String(row.detail) };
  }
}
