import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Config } from '../../config.ts';
import { type Text, text } from '../../language/text.ts';
import { makeFolder } from '../../operator/make-folder.ts';
import { digestOf, type Manifest, sync, verifyBackup } from '../backup/backup-folder.ts';
import { openPlainFile } from '../backup/plain-file.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import { journalSize } from '../shell/journal-size.ts';
import type { Shell } from '../shell/shell.ts';
import { assertStopped } from '../shell/stopped.ts';
import { trustedKeys } from './trusted-keys.ts';

interface RestoreOptions {
  readonly force?: boolean;
  readonly verifyKey?: string;
  readonly unverified?: boolean;
}

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .argument('<folder>', say(text('the folder of a backup', 'la carpeta de una copia')))
    .option(
      '--force',
      say(
        text(
          'move what is in the data folder aside, into replaced-TIME',
          'apartar lo que hay en la carpeta de datos, en replaced-TIME',
        ),
      ),
    )
    .option(
      '--verify-key <file>',
      say(
        text(
          'the keys that signed it, as /.well-known/jwks.json had them; default: those in its vault, which its passphrase opens',
          'las claves que la firmaron, como las daba /.well-known/jwks.json; por omisión, las de su almacén, que su contraseña abre',
        ),
      ),
    )
    .option(
      '--unverified',
      say(
        text(
          'restore it without checking its signature: whoever could write to the folder may have changed roles, passwords, tokens',
          'restaurarla sin comprobar su firma: quien haya podido escribir en la carpeta puede haber cambiado roles, contraseñas, tokens',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello restore /mnt/backup/2026-01-31 --data-dir /var/lib/sello',
        'sello restore ./copy --force --json',
      ),
    )
    .action(async (name: string, options: RestoreOptions) => {
      const config = shell.config();
      const folder = resolve(name);
      const trusted = options.unverified === true ? undefined : trustedKeys(shell, config, options.verifyKey);
      const { archivePath } = await import('../../compose.ts');
      const manifest = await verifyBackup(folder, trusted, archivePath(config));
      const restored = await restore(config, folder, manifest, options.force === true);
      shell.result(restored, () => [
        say(
          text(
            `Restored: ${journalSize(manifest.entries, manifest.users).en}, as of ${manifest.created_at}`,
            `Restaurado: ${journalSize(manifest.entries, manifest.users).es}, a fecha de ${manifest.created_at}`,
          ),
        ),
        ...(restored.replaced === null
          ? []
          : [
              say(
                text(
                  `What was there before: ${restored.replaced}`,
                  `Lo que había antes: ${restored.replaced}`,
                ),
              ),
            ]),
        say(nextStep(config, restored.passphrase_file)),
      ]);
    });
}

/** Which passphrase the next start needs. One that is given in a file is not to be put anywhere. */
function nextStep(config: Config, passphraseFile: string): Text {
  return config.vaultPassphraseFile === null
    ? text(
        `Next: put the passphrase of that time into ${passphraseFile} (mode 0600), or give vault_passphrase_file; then sello doctor`,
        `Ahora: ponga la contraseña de entonces en ${passphraseFile} (modo 0600), o dé vault_passphrase_file; después sello doctor`,
      )
    : text(
        `Next: sello doctor; keep giving vault_passphrase_file (${passphraseFile}) at each start`,
        `Ahora: sello doctor; siga dando vault_passphrase_file (${passphraseFile}) en cada arranque`,
      );
}

async function restore(config: Config, folder: string, manifest: Manifest, force: boolean) {
  const { storePath, vaultPath, passphrasePath, giveToOwnerOf } = await import('../../compose.ts');
  const targets = [
    { name: manifest.database, target: storePath(config) },
    { name: manifest.vault, target: vaultPath(config) },
  ];
  // A server that has the files open would overwrite what is restored.
  await assertStopped(config);
  await makeFolder(config.dataDir);
  const replaced = await clear(
    config,
    targets.map(({ target }) => target),
    force,
  );

  for (const { name, target } of targets) {
    const part = `${target}.restoring`;
    await rm(part, { force: true });
    await copyPlainFile(join(folder, name), part);
    // The backup may come from a medium without file modes.
    await chmod(part, 0o600);
    const { sha256 } = await digestOf(part);
    if (sha256 !== manifest.files[name]?.sha256) {
      await rm(part, { force: true });
      throw new CommandFailure(
        EXIT.refused,
        'backup_broken',
        text(`${name} changed while it was copied`, `${name} cambió mientras se copiaba`),
      );
    }
    await sync(part);
    giveToOwnerOf(dirname(target), part);
    await rename(part, target);
    await sync(dirname(target));
  }
  return {
    data_dir: config.dataDir,
    created_at: manifest.created_at,
    entries: manifest.entries,
    users: manifest.users,
    replaced,
    passphrase_file: config.vaultPassphraseFile ?? passphrasePath(config),
  };
}

async function copyPlainFile(from: string, to: string): Promise<void> {
  const file = await openPlainFile(from);
  await pipeline(file.createReadStream(), createWriteStream(to, { flags: 'wx', mode: 0o600 }));
}

/** Moves existing files aside. @returns the folder they are in now, `null` when there were none */
async function clear(config: Config, targets: readonly string[], force: boolean): Promise<string | null> {
  const inFolder = (await readdir(config.dataDir)).filter((name) => !name.startsWith('replaced-'));
  const files = inFolder.map((name) => join(config.dataDir, name));
  for (const target of targets.filter((path) => dirname(path) !== config.dataDir)) {
    const beside = await readdir(dirname(target)).catch(() => [] as string[]);
    files.push(
      ...beside
        .map((name) => join(dirname(target), name))
        .filter((path) => path === target || path.startsWith(`${target}-`)),
    );
  }
  if (files.length === 0) return null;
  if (!force) {
    throw new CommandFailure(
      EXIT.refused,
      'data_folder_not_empty',
      text(`there are data already: ${files[0]}`, `ya hay datos: ${files[0]}`),
      text(
        'Name another folder with --data-dir, or move them aside with --force.',
        'Indique otra carpeta con --data-dir, o apártelos con --force.',
      ),
    );
  }
  const aside = join(config.dataDir, `replaced-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  await mkdir(aside, { mode: 0o700 });
  for (const file of files) await rename(file, join(aside, file.slice(file.lastIndexOf('/') + 1)));
  return aside;
}
