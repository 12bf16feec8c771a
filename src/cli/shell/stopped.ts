import { readFile } from 'node:fs/promises';
import { isPostgres, storePath } from '../../compose/paths.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { askServer } from '../../operator/client.ts';
import { accepts } from '../health/command.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

/** For what must not be done beside a server that has the files open. @throws CommandFailure where one has the data folder */
export async function assertStopped(config: Config): Promise<void> {
  const pid = isPostgres(config) ? undefined : await ownerOf(storePath(config));
  const answers =
    config.role === 'vault'
      ? await accepts(config.vaultHost, config.vaultPort)
      : (await askServer(config, { command: 'status', arguments: {} })) !== undefined;
  if (!answers && pid === undefined) return;
  const who = pid === undefined ? '' : ` (${pid})`;
  throw new CommandFailure(
    EXIT.refused,
    'server_running',
    text(
      `a server is running on ${config.dataDir}${who}`,
      `hay un servidor en marcha sobre ${config.dataDir}${who}`,
    ),
    text('Stop it first.', 'Detenlo antes.'),
  );
}

/** @returns the living process that the database's file of ownership names */
export async function ownerOf(database: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(`${database}.pid`, 'utf8'), 10);
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: it lives, as another user's.
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return Number.NaN;
    return undefined;
  }
}
