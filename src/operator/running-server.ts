import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Config } from '../config.ts';
import { LIMITS } from '../limits.ts';
import { localAddressOf } from '../net/address.ts';
import { askServer } from './client.ts';
import type { OperationResult } from './operations.ts';

export type ServerStatus = OperationResult<'status'>;

/** What the server of the data folder reports about itself. @returns `undefined` when no server answers */
export async function runningStatus(config: Config): Promise<ServerStatus | undefined> {
  try {
    const answer = await askServer(config, { command: 'status', arguments: {} });
    return answer?.ok ? (answer.result as ServerStatus) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something on this machine accepts a TCP connection at that address. Does NOT check what it is. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: localAddressOf(host), port });
    const end = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(LIMITS.readinessTimeMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/**
 * The process that owns a SQLite database, by the `.pid` file beside it.
 * @returns `undefined` when there is no file or the process is dead; `NaN` when it belongs to another user
 */
export async function databaseOwner(database: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(`${database}.pid`, 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Number.NaN : undefined;
  }
}
