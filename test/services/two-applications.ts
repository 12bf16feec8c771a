import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { PostgresServer } from './postgres.ts';

export interface TwoApplicationsOptions {
  readonly flags?: Readonly<Record<string, string>>;
  /** Each server's own; the machine's where there is none. */
  readonly clocks?: readonly [Clock, Clock];
}

/** Two servers in this process: memory, connections and clocks of their own, one database, the same keys. */
export class TwoApplications {
  readonly one: Application;
  readonly two: Application;
  readonly #folder: string;

  private constructor(folder: string, one: Application, two: Application) {
    this.#folder = folder;
    this.one = one;
    this.two = two;
  }

  static async open(
    server: PostgresServer,
    { flags = {}, clocks }: TwoApplicationsOptions = {},
  ): Promise<TwoApplications> {
    const folder = await mkdtemp(join(tmpdir(), 'sello-two-'));
    const { url } = await server.createDatabase();
    const open = (name: string, clock: Clock | undefined) => {
      const all = { '--data-dir': join(folder, name), '--store-url': url, '--store-connections-max': '4' };
      const { config } = loadConfig({ flags: { ...all, ...flags } });
      return openApplication(config, { maintenance: false, ...(clock ? { clock } : {}) });
    };
    const one = await open('one', clocks?.[0]);
    try {
      // The file's keys, as an HSM or a vault of their own would give both.
      await cp(join(folder, 'one'), join(folder, 'two'), { recursive: true });
      return new TwoApplications(folder, one, await open('two', clocks?.[1]));
    } catch (error) {
      await one.close();
      throw error;
    }
  }

  /** Turn by turn. */
  of(caller: number): Application {
    return caller % 2 === 0 ? this.one : this.two;
  }

  async close(): Promise<void> {
    await Promise.all([this.one.close(), this.two.close()]);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
