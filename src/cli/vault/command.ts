import { resolve } from 'node:path';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const DAYS = 397;
const DAYS_MAX = 3_650;

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('certificates')
    .description(
      say(
        text(
          'make a private authority and certificates for a vault process and its callers',
          'crear una autoridad privada y certificados para un proceso de claves y quienes lo usan',
        ),
      ),
    )
    .requiredOption('--out <folder>', say(text('where to write them', 'dónde escribirlos')))
    .option(
      '--caller <names...>',
      say(text('a certificate for each of these servers', 'un certificado para cada servidor')),
      ['api-1'],
    )
    .option(
      '--host <names...>',
      say(
        text(
          'names and addresses by which the vault process is called',
          'nombres y direcciones por los que se llama al proceso de claves',
        ),
      ),
      ['localhost', '127.0.0.1', '::1'],
    )
    .option('--days <number>', say(text('how long they are valid', 'cuánto tiempo valen')), String(DAYS))
    .option(
      '--renew',
      say(
        text(
          'make anew what is there already; the authority stays',
          'crear de nuevo lo que ya hay; la autoridad queda',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello vault certificates --out /etc/sello/vault --host vault.internal --caller api-1 api-2 operator',
        'sello vault certificates --out /etc/sello/vault --renew --caller api-1',
      ),
    )
    .action((options: Options) => certificates(shell, options));
}

interface Options {
  readonly out: string;
  readonly caller: readonly string[];
  readonly host: readonly string[];
  readonly days: string;
  readonly renew?: boolean;
}

async function certificates(shell: Shell, options: Options): Promise<void> {
  const { caller: callers, host: hosts } = options;
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX) {
    const wrong = `--days: 1 – ${DAYS_MAX}`;
    throw usageFailure(text(wrong, wrong));
  }
  for (const name of callers) {
    if (!NAME.test(name) || name === 'ca' || name === 'vault') {
      throw usageFailure(
        text(`--caller: ${name} is no name for a caller`, `--caller: ${name} no es un nombre válido`),
      );
    }
  }
  const folder = resolve(options.out);
  const { makeVaultCertificates, pathsOf } = await import('./certificates.ts');
  const done = await makeVaultCertificates({
    folder,
    hosts,
    callers,
    days,
    renew: options.renew === true,
  });
  const [first = ''] = callers;
  shell.result({ folder, ...done }, () => [
    ...done.made.map((name) => `${shell.say(text('made', 'creado'))}  ${pathsOf(folder, name).cert}`),
    ...done.kept.map((name) => `${shell.say(text('kept', 'queda '))}  ${pathsOf(folder, name).cert}`),
    '',
    shell.say(
      text(
        'ca.key.pem makes callers: keep it away from all servers.',
        'ca.key.pem crea clientes: guárdela fuera de los servidores.',
      ),
    ),
    '',
    'sello serve --role vault \\',
    `  --vault-tls-ca-file ${pathsOf(folder, 'ca').cert} \\`,
    `  --vault-tls-cert-file ${pathsOf(folder, 'vault').cert} --vault-tls-key-file ${pathsOf(folder, 'vault').key} \\`,
    `  --vault-callers ${callers.join(',')} --vault-key-managers ${first}`,
    '',
    `sello serve --vault-url https://${hosts[0]}:11003 \\`,
    `  --vault-ca-file ${pathsOf(folder, 'ca').cert} \\`,
    `  --vault-cert-file ${pathsOf(folder, first).cert} --vault-key-file ${pathsOf(folder, first).key}`,
  ]);
}
