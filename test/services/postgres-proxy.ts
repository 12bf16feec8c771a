// A proxy to a PostgreSQL server that can cut connections at the worst moments of a COMMIT.
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A fault of the next COMMIT. `answer_lost`: the server commits, but its answer never arrives. `lost`: the COMMIT never
 * arrives. `late`: the client is cut off, and the server gets the COMMIT only when `release` is called.
 */
export type CommitFault = 'answer_lost' | 'lost' | 'late';

const COMMIT = Buffer.from('COMMIT\0');

export class PostgresProxy {
  readonly port: number;
  /** How many COMMITs met a fault. */
  cuts = 0;
  /** Refuses all connections after the first fault. */
  refuseAfterCut = false;
  #hangs = false;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #faults: CommitFault[];
  readonly #held: (() => void)[];

  private constructor(server: Server, sockets: Set<Socket>, faults: CommitFault[], held: (() => void)[]) {
    this.#held = held;
    this.#server = server;
    this.#sockets = sockets;
    this.#faults = faults;
    this.port = (server.address() as { port: number }).port;
  }

  static async start(target: number): Promise<PostgresProxy> {
    const sockets = new Set<Socket>();
    const faults: CommitFault[] = [];
    const held: (() => void)[] = [];
    let proxy: PostgresProxy | undefined;
    const server = createServer((client) => {
      if (proxy?.refuseAfterCut && proxy.cuts > 0) {
        client.destroy();
        return;
      }
      const database = connect(target, '127.0.0.1');
      for (const socket of [client, database]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
        socket.setNoDelay(true);
      }
      let isDeaf = false;
      database.on('data', (bytes: Buffer) => {
        if (proxy?.hangs) return;
        if (!isDeaf) client.write(bytes);
        else {
          client.destroy();
          database.destroy();
        }
      });
      client.on('data', (bytes: Buffer) => {
        const fault = bytes.includes(COMMIT) ? faults.shift() : undefined;
        if (fault === undefined) {
          database.write(bytes);
          return;
        }
        if (proxy) proxy.cuts++;
        isDeaf = true;
        if (fault === 'answer_lost') database.write(bytes);
        else client.destroy();
        if (fault === 'late') held.push(() => database.write(bytes));
        if (fault === 'lost') database.destroy();
      });
      client.on('close', () => {
        if (!isDeaf) database.destroy();
      });
      database.on('close', () => client.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = new PostgresProxy(server, sockets, faults, held);
    return proxy;
  }

  /** Sets the faults of the next COMMITs, one each. */
  next(...faults: readonly CommitFault[]): void {
    this.#faults.push(...faults);
  }

  /** Sends the held COMMITs to the server. */
  release(): void {
    for (const send of this.#held.splice(0)) send();
  }

  get hangs(): boolean {
    return this.#hangs;
  }

  /** From now on drops the server's answers and keeps all connections open. */
  hang(): void {
    this.#hangs = true;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
