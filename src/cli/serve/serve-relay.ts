import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { warningLines } from './banner-lines.ts';
import { openLog } from './log.ts';

/**
 * Runs the relay's process until `stopped`.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function serveRelay(shell: Shell, stopped: Promise<void>): Promise<void> {
  const { config } = shell.loaded();
  const say = shell.say.bind(shell);
  const [log, { startRelayServer }] = await Promise.all([openLog(config), import('../../compose.ts')]);
  const server = await startRelayServer(config, log);
  const { address } = server;
  const sinks = server.relay.sinks.map(({ sink }) => sink);
  shell.result({ pid: process.pid, addresses: { http: address }, sinks }, () => [
    say(text("Sello's relay of events is running.", 'El repetidor de eventos de Sello está en marcha.')),
    '',
    `  HTTP    http://${address}  (/healthz, /readyz, /metrics)`,
    `  ${say(text('sinks', 'destinos'))}   ${sinks.length === 0 ? '–' : sinks.join(', ')}`,
    '',
    ...warningLines(shell, config),
    say(text('Ctrl-C stops it.', 'Ctrl-C lo detiene.')),
  ]);
  log.info({ address, sinks }, 'relaying');

  await stopped;
  log.info({}, 'stopping');
  await server.stop();
  log.info({}, 'stopped');
}
