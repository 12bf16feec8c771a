import { resolve } from 'node:path';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import { journalSize } from '../shell/journal-size.ts';
import type { Shell } from '../shell/shell.ts';
import { completeBackup } from './backup-folder.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .argument('<folder>', say(text('a new or empty folder', 'una carpeta nueva o vacía')))
    .addHelpText(
      'after',
      examples(shell, 'sello backup /mnt/backup/2026-01-31', 'sello backup ./copy --json'),
    )
    .action(async (name: string) => {
      const config = shell.config();
      const folder = resolve(name);
      const made = granted(await operate(config, 'backup', { folder }));
      const { archivePath } = await import('../../compose.ts');
      const sign = async (content: string) => {
        const signed = await operate(config, 'backup.sign', { manifest: content, key_id: made.key_id });
        return granted(signed).signature;
      };
      const manifest = await completeBackup(folder, made, sign, archivePath(config));
      shell.result({ folder, ...manifest }, () => [
        say(
          text(
            `Backed up and verified: ${journalSize(manifest.entries, manifest.users).en} in ${folder}`,
            `Copiado y verificado: ${journalSize(manifest.entries, manifest.users).es} en ${folder}`,
          ),
        ),
        say(
          text(
            'The passphrase of the keys is not in it: keep it elsewhere, without it the backup opens nothing.',
            'La contraseña de las claves no va dentro: guárdela aparte, sin ella la copia no abre nada.',
          ),
        ),
      ]);
    });
}
