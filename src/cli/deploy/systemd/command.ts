import type { Command } from 'commander';
import { text } from '../../../language/text.ts';
import { examples } from '../../shell/examples.ts';
import { usageFailure } from '../../shell/failure.ts';
import type { Shell } from '../../shell/shell.ts';
import { writeOrPrint } from '../deployment-file.ts';
import { systemdUnits } from './units.ts';

export function defineSystemd(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'hardened units for systemd: the server, by name (blue, green), and the vault process',
          'unidades reforzadas para systemd: el servidor, por nombre (blue, green), y el proceso del almacén',
        ),
      ),
    )
    .option('--user <name>', say(text('who it runs as', 'con qué usuario corre')), 'sello')
    .option(
      '--folder <path>',
      say(text('where Sello is installed', 'dónde está instalado Sello')),
      '/opt/sello',
    )
    .option('--out <folder>', say(text('write them there', 'escribirlas ahí')))
    .addHelpText('after', examples(shell, 'sello deploy systemd --out /etc/systemd/system'))
    .action(async ({ user, folder, out }: { user: string; folder: string; out?: string }) => {
      if (!/^[a-z_][\w-]{0,31}$/.test(user) || !/^\/[\w./-]*$/.test(folder)) {
        throw usageFailure(
          text(
            '--user expected a name, --folder an absolute path, both without blanks',
            '--user espera un nombre y --folder una ruta absoluta, ambos sin espacios',
          ),
        );
      }
      await writeOrPrint(
        shell,
        systemdUnits({ user, folder }),
        out === undefined ? undefined : { folder: out },
      );
    });
}
