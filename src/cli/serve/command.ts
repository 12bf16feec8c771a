import type { Command } from 'commander';
import { settingsInForce } from '../../config/in-force.ts';
import { text } from '../../language/text.ts';
import { configFlagsHelp } from '../shell/config-flags.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import type { Shell } from '../shell/shell.ts';
import { bannerOf } from './banner.ts';
import { openLog, reloadTlsOnSighup } from './log.ts';

/** On Ctrl-C the terminal signals this process and npm signals it again: signals this close together count as one. */
const SAME_SIGNAL_MS = 500;

// Why: docs/DECISIONS.md#secrets-on-the-command-line-are-overwritten
export function define(command: Command, shell: Shell): void {
  command
    .option(
      '--accept-rollback',
      shell.say(
        text(
          'go on with a database that is older than the last checkpoint seen here, after a restore; recorded in the journal',
          'seguir con una base de datos anterior al último punto de control visto aquí, tras una restauración; queda en el diario',
        ),
      ),
    )
    .addHelpText(
      'after',
      () =>
        `${examples(shell, 'sello serve', 'sello serve --data-dir /var/lib/sello --tcp-port 11002', 'sello serve --config /etc/sello/sello.yaml', 'sello serve --role vault --config /etc/sello/vault.yaml')}
${shell.say(
  text(
    '\nSIGTERM or SIGINT: what was accepted is answered, then it stops; a second one stops at once. SIGHUP: certificates are read again.\n\nConfiguration:',
    '\nSIGTERM o SIGINT: se responde lo aceptado y se detiene; una segunda señal detiene al instante. SIGHUP: se leen de nuevo los certificados.\n\nConfiguración:',
  ),
)}
${configFlagsHelp(process.stdout.columns ?? 80, shell.language)}`,
    )
    .action(({ acceptRollback = false }: { acceptRollback?: boolean }) => serve(shell, acceptRollback));
}

async function serve(shell: Shell, acceptRollback: boolean): Promise<void> {
  const loaded = shell.loaded();
  const { config } = loaded;
  // Installed first, so that a signal during the start stops the server as well.
  const stopped = Promise.withResolvers<void>();
  let firstAt = 0;
  const stop = () => {
    const now = performance.now();
    if (firstAt === 0) {
      firstAt = now;
      stopped.resolve();
    } else if (now - firstAt >= SAME_SIGNAL_MS) process.exit(EXIT.refused);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  if (config.role === 'vault') {
    const { serveVault } = await import('./serve-vault.ts');
    return serveVault(shell, stopped.promise);
  }
  if (config.role === 'relay') {
    const { serveRelay } = await import('./serve-relay.ts');
    return serveRelay(shell, stopped.promise);
  }
  if (config.role === 'sealer') {
    const { serveSealer } = await import('./serve-sealer.ts');
    return serveSealer(shell, stopped.promise, acceptRollback);
  }
  const [log, { startServer }, { openOperatorSocket }] = await Promise.all([
    openLog(config),
    import('../../compose.ts'),
    import('../../operator/socket-server.ts'),
  ]);
  const withLab = config.labEnabled && config.labAllowed;
  const Lab = withLab ? (await import('../../lab/laboratory.ts')).ServerLaboratory : undefined;
  const server = await startServer(config, log, {
    settingsInForce: settingsInForce(loaded),
    acceptRollback,
    ...(Lab ? { makeLaboratory: (running) => new Lab(running, config) } : {}),
  });
  const { application } = server;
  let socket: Awaited<ReturnType<typeof openOperatorSocket>>;
  try {
    socket = await openOperatorSocket({ application, server }, config.dataDir, log);
  } catch (error) {
    await server.stop();
    throw error;
  }
  reloadTlsOnSighup(server, log);
  shell.result(
    {
      pid: process.pid,
      addresses: server.addresses,
      data_dir: config.dataDir,
      generated: application.generated,
      custody: application.vault.custody,
      vault: application.vaultAwaited === undefined ? 'up' : 'down',
      socket: socket.path,
    },
    () => bannerOf(shell, config, server),
  );
  log.info({ addresses: server.addresses, custody: application.vault.custody }, 'listening');

  await stopped.promise;
  log.info({}, 'stopping');
  await Promise.all([socket.close(), server.stop()]);
  log.info({}, 'stopped');
}
