import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readSecretFile } from '../../config/secret-file.ts';
import type { Config } from '../../config.ts';
import { type Text, text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';
import { ask, readSecret } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';
import { assertStopped } from '../shell/stopped.ts';

interface Options {
  readonly newPassphraseFile?: string;
  readonly newPassphraseStdin?: boolean;
}

/**
 * `sello keys passphrase`. No server may use the data folder: it would seal the file under the old passphrase again.
 *
 * Why: docs/DECISIONS.md#changing-the-passphrase-writes-one-file
 */
export function definePassphrase(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'seal the file of keys under another passphrase; no server may be running on it',
          'sellar el fichero de claves con otra contraseña; no puede haber un servidor en marcha sobre él',
        ),
      ),
    )
    .option('--new-passphrase-file <file>', say(text('a file that holds it', 'un fichero que la contiene')))
    .option(
      '--new-passphrase-stdin',
      say(
        text('read it from standard input: keep a copy', 'leerla de la entrada estándar: guarda una copia'),
      ),
    )
    .addHelpText(
      'after',
      `${examples(
        shell,
        'sello keys passphrase --new-passphrase-file /etc/sello/secrets/vault-passphrase.new',
        'sello keys passphrase --config /etc/sello/vault.yaml',
      )}
${say(
  text(
    '\nThe passphrase of now is that of the configuration (vault_passphrase_file), else it is asked for; so is the new one.',
    '\nLa contraseña actual es la de la configuración (vault_passphrase_file); si no la hay, se pregunta, igual que la nueva.',
  ),
)}`,
    )
    .action((options: Options) => change(shell, options));
}

async function change(shell: Shell, options: Options): Promise<void> {
  const config = shell.config();
  const { changeVaultPassphrase, passphrasePath, vaultPath } = await import('../../compose.ts');
  // Checks that there is a sealed file and no running server before it asks for a passphrase.
  vaultPath(config);
  await assertStopped(config);
  const kept = config.vaultPassphrase !== null || existsSync(passphrasePath(config));
  const typed = kept ? undefined : await readOld(shell);
  const next = await readNew(shell, options);
  const path = await changeVaultPassphrase(config, { typed, next });
  const place = kept ? placeOf(config, passphrasePath(config)) : null;
  shell.result({ vault: path, passphrase_of_before: place }, () => resultLines(shell, path, place));
}

function placeOf(config: Config, generated: string): string {
  return config.vaultPassphraseFile ?? (config.vaultPassphrase === null ? generated : 'vault_passphrase');
}

function resultLines(shell: Shell, path: string, place: string | null): string[] {
  const lines = [
    text(
      `${path} opens with the new passphrase alone. Copies made before open with the old one: keep it with them.`,
      `${path} se abre solo con la nueva contraseña. Las copias anteriores se abren con la vieja: guárdela con ellas.`,
    ),
  ];
  if (place !== null) {
    lines.push(
      text(
        `The old one is still in ${place}: before the next start put the new one there, or name its file by vault_passphrase_file.`,
        `La vieja sigue en ${place}: antes del próximo arranque ponga ahí la nueva, o indique su fichero con vault_passphrase_file.`,
      ),
    );
  }
  return lines.map((line) => shell.say(line));
}

async function readOld(shell: Shell): Promise<string> {
  if (process.stdin.isTTY) return ask(shell, text('Passphrase of now', 'Contraseña actual'), true);
  throw usageFailure(
    text('the passphrase of now is not known', 'no se conoce la contraseña actual'),
    text(
      'Name its file with --vault-passphrase-file, or run the command at a terminal (in a container: docker exec -it).',
      'Indique su fichero con --vault-passphrase-file, o ejecute la orden en una terminal (en un contenedor: docker exec -it).',
    ),
  );
}

async function readNew(shell: Shell, options: Options): Promise<string> {
  const { newPassphraseFile: file, newPassphraseStdin: fromStdin = false } = options;
  if (file !== undefined && fromStdin) {
    throw usageFailure(
      text('the new passphrase is given twice', 'la nueva contraseña se da dos veces'),
      text(
        'Give --new-passphrase-file or --new-passphrase-stdin.',
        'Dé --new-passphrase-file o --new-passphrase-stdin.',
      ),
    );
  }
  if (file !== undefined) {
    const read = readSecretFile(file);
    if ('text' in read) return read.text;
    throw usageFailure(text(read.problem, read.problem));
  }
  const read = (prompt: Text) => readSecret(shell, fromStdin, '--new-passphrase-stdin', prompt);
  const first = await read(text('New passphrase', 'Nueva contraseña'));
  if (fromStdin || first === (await read(text('Once more', 'Otra vez')))) return first;
  throw new CommandFailure(
    EXIT.refused,
    'passphrases_differ',
    text('the two differ: nothing was changed', 'no coinciden: no se ha cambiado nada'),
  );
}
