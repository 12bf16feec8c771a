import type { Command } from 'commander';
import { text } from '../../../language/text.ts';
import { examples } from '../../shell/examples.ts';
import { usageFailure } from '../../shell/failure.ts';
import type { Shell } from '../../shell/shell.ts';
import { writeOrPrint } from '../deployment-file.ts';
import { composeFiles } from './files.ts';

export function defineCompose(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'compose.yaml: servers, vault, PostgreSQL pair, Redis, HAProxy, Pulsar',
          'compose.yaml: servidores, almacén, pareja de PostgreSQL, Redis, HAProxy, Pulsar',
        ),
      ),
    )
    .option('--servers <count>', say(text('how many servers, 1 to 9', 'cuántos servidores, de 1 a 9')), '2')
    .option('--image <name>', say(text("the servers' image", 'la imagen de los servidores')), 'sello:latest')
    .option('--out <folder>', say(text('write them there', 'escribirlos ahí')))
    .addHelpText(
      'after',
      examples(shell, 'sello deploy compose --out deploy', 'sello deploy compose --servers 3'),
    )
    .action(async ({ servers, image, out }: { servers: string; image: string; out?: string }) => {
      if (!/^[1-9]$/.test(servers) || !/^[\w][\w./:@-]{0,254}$/.test(image)) {
        throw usageFailure(
          text(
            '--servers expected 1 to 9, --image the name of an image',
            '--servers espera de 1 a 9 y --image el nombre de una imagen',
          ),
        );
      }
      const files = composeFiles({ serverCount: Number(servers), image });
      await writeOrPrint(shell, files, out === undefined ? undefined : { folder: out });
    });
}
