import { isPostgres, storePath } from '../../compose/paths.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { askServer } from '../../operator/client.ts';
import { databaseOwner, isListening } from '../../operator/running-server.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

/** Guards a command that must not run while a server has the files of the data folder open. @throws CommandFailure when one has */
export async function assertStopped(config: Config): Promise<void> {
  const pid = isPostgres(config) ? undefined : await databaseOwner(storePath(config));
  const answers =
    config.role === 'vault'
      ? await isListening(config.vaultHost, config.vaultPort)
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
