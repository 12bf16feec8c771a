import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { generatedLines, warningLines } from './banner-lines.ts';
import { openLog, reloadTlsOnSighup } from './log.ts';

/**
 * Runs the vault's process until `stopped`.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function serveVault(shell: Shell, stopped: Promise<void>): Promise<void> {
  const { config } = shell.loaded();
  const [log, { startVaultServer }] = await Promise.all([openLog(config), import('../../compose.ts')]);
  const server = await startVaultServer(config, log);
  reloadTlsOnSighup(server, log);
  const { address, generated } = server;
  const { custody } = server.vault;
  shell.result(
    { pid: process.pid, addresses: { vault: address }, data_dir: config.dataDir, generated, custody },
    () => bannerOf(shell, config, { address, generated, custody }),
  );
  log.info(
    { address, custody, callers: config.vaultCallers, key_managers: config.vaultKeyManagers },
    'listening',
  );

  await stopped;
  log.info({}, 'stopping');
  await server.stop();
  log.info({}, 'stopped');
}

interface StartedVault {
  readonly address: string;
  readonly generated: readonly string[];
  readonly custody: 'hsm' | 'cached';
}

function bannerOf(shell: Shell, config: Config, { address, generated, custody }: StartedVault): string[] {
  const say = shell.say.bind(shell);
  const { vaultCallers, vaultKeyManagers } = config;
  const lines = [
    say(text("Sello's key vault is running.", 'El almacén de claves de Sello está en marcha.')),
    '',
  ];
  lines.push(
    `  VAULT   https://${address}  (TLS 1.3, ${say(text('client certificates', 'certificados de cliente'))})`,
  );
  lines.push(
    `  ${say(text('keys  ', 'claves'))}  ${config.vaultUrl.split('?')[0]}  (${say(text('custody', 'custodia'))}: ${custody})`,
  );
  lines.push(
    `  ${say(text('may use the keys     ', 'pueden usar las claves'))}  ${names([...vaultCallers, ...vaultKeyManagers])}`,
  );
  lines.push(
    `  ${say(text('may rotate the keys  ', 'pueden rotar las claves'))} ${names(vaultKeyManagers)}`,
    '',
  );
  lines.push(...generatedLines(shell, generated), ...warningLines(shell, config));
  lines.push(
    say(text('The servers that use it are told by', 'Los servidores que lo usan lo saben por')),
    `  --vault-url https://${address} --vault-ca-file … --vault-cert-file … --vault-key-file …`,
    '',
    say(text('Ctrl-C stops it.', 'Ctrl-C lo detiene.')),
  );
  return lines;
}

function names(list: readonly string[]): string {
  return list.length === 0 ? '–' : [...new Set(list)].join(', ');
}
