import type { RunningServer } from '../../compose.ts';
import type { Config } from '../../config.ts';
import { type Text, text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { generatedLines, warningLines } from './banner-lines.ts';
import { removeSetupLink, writeSetupLink } from './setup-link.ts';

/**
 * The lines that the operator reads when the server is up: addresses, what was made, warnings, and commands to try
 * next.
 */
export function bannerOf(shell: Shell, config: Config, server: RunningServer): string[] {
  const say = shell.say.bind(shell);
  const lines = [say(text('Sello is running.', 'Sello está en marcha.')), ''];
  const transport = config.tlsCertFile === null ? '' : ' (TLS)';
  lines.push(`  TCP     ${server.addresses.tcp}${transport}`);
  const scheme = config.tlsCertFile === null ? 'http' : 'https';
  lines.push(`  HTTP    ${scheme}://${server.addresses.http}  (${scheme}://${server.addresses.http}/docs)`);
  lines.push(`  ${say(text('data  ', 'datos '))}  ${config.dataDir}`);
  if (config.vaultUrl.startsWith('pkcs11:')) lines.push(`  ${say(custodyLine(server))}`);
  lines.push('');

  const { generated, vaultAwaited } = server.application;
  if (vaultAwaited !== undefined) lines.push(`! ${say(awaitedLine(vaultAwaited.reason))}`, '');
  lines.push(...generatedLines(shell, generated), ...warningLines(shell, config));
  lines.push(...setupLines(say, config, server));
  lines.push(say(text('Try next, in another terminal:', 'Pruebe ahora, en otra terminal:')));
  const where = whereOf(config);
  lines.push(`  printf secreto | npx sello user create alice --password-stdin${where}`);
  lines.push(`  npx sello token enrol alice --type totp${where}`, '');
  lines.push(say(text('Ctrl-C stops it.', 'Ctrl-C lo detiene.')));
  return lines;
}

/** Says where the first administrator is made. The code is on a terminal or in its file, in no log and not in `--json`. */
function setupLines(say: (text: Text) => string, config: Config, { http }: RunningServer): string[] {
  const { dataDir } = config;
  const { firstAdministrator, site } = http.dependencies;
  removeSetupLink(dataDir);
  if (!firstAdministrator) return [];
  const link = `${site.origin}/console#setup=${firstAdministrator.code}`;
  return [
    say(
      text(
        'Make the first administrator (the link works once, for an hour):',
        'Cree el primer administrador (el enlace sirve una vez, durante una hora):',
      ),
    ),
    `  ${process.stdout.isTTY ? link : writeSetupLink(dataDir, link)}`,
    say(text('Or by command, now or later:', 'O con una orden, ahora o más tarde:')),
    `  npx sello user create NAME --role admin${whereOf(config)}`,
    '',
  ];
}

/** The custody of users' keys, which the operator of an HSM must know. */
function custodyLine({ application }: RunningServer): Text {
  return application.vault.custody === 'hsm'
    ? text(
        'keys    HSM, custody hsm: each MAC is computed inside it',
        'claves  HSM, custodia hsm: cada MAC se calcula dentro',
      )
    : text(
        "keys    HSM, custody cached: users' keys are unwrapped into this process for some minutes",
        'claves  HSM, custodia cached: las claves de los usuarios se abren en este proceso unos minutos',
      );
}

function awaitedLine(reason: string): Text {
  return text(
    `The key vault does not answer (${reason}). What needs it is refused until it does; nothing is to be done here then.`,
    `El almacén de claves no responde (${reason}). Lo que lo necesita se rechaza hasta que responda; aquí no hay que hacer nada entonces.`,
  );
}

/** The flag by which commands find this server, when its data folder is not the default. */
function whereOf(config: Config): string {
  return config.dataDir === `${process.cwd()}/data` ? '' : ` --data-dir ${config.dataDir}`;
}
