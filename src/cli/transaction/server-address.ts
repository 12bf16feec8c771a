import { parseHostAndPort } from '../../net/host-and-port.ts';
import { runningStatus } from '../../operator/running-server.ts';
import type { Shell } from '../shell/shell.ts';

/** The configured address. Without a configured port, where the running server of the data folder listens. */
export async function serverAddress(shell: Shell): Promise<{ readonly host: string; readonly port: number }> {
  const { config, sources } = shell.loaded();
  const configured = { host: config.tcpHost, port: config.tcpPort };
  if (sources.get('tcp_port') !== 'default') return configured;
  const status = await runningStatus(config);
  return parseHostAndPort(status?.addresses?.tcp ?? '') ?? configured;
}
