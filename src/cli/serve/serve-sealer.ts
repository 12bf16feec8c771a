import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { generatedLines } from './banner-lines.ts';
import { openLog } from './log.ts';

/** `sello serve --role sealer`: seals the log of the store that servers share. */
export async function serveSealer(
  shell: Shell,
  stopped: Promise<void>,
  acceptRollback: boolean,
): Promise<void> {
  const config = shell.config();
  const [log, { startSealer }] = await Promise.all([openLog(config), import('../../compose.ts')]);
  const sealer = await startSealer(config, log, { acceptRollback });
  shell.result({ pid: process.pid, role: 'sealer', data_dir: config.dataDir }, () => [
    shell.say(
      text(
        'The sealer is running: it signs a checkpoint of the log each second while entries arrive.',
        'El sellador está en marcha: firma un punto de control del registro cada segundo mientras llegan entradas.',
      ),
    ),
    ...generatedLines(shell, sealer.generated),
  ]);
  log.info({}, 'sealing');
  await stopped;
  log.info({}, 'stopping');
  await sealer.stop();
  log.info({}, 'stopped');
}
