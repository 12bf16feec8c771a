import type { Command } from 'commander';
import { Tour } from '../../demo/tour.ts';
import { text } from '../../language/text.ts';
import type { TcpServices } from '../../wire/tcp/services.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import type { Shell } from '../shell/shell.ts';
import { type ConnectOptions, connectTo } from './connect.ts';

export function define(command: Command, shell: Shell): void {
  command
    .addHelpText('after', () =>
      [
        shell.say(
          text(
            '\nStarts a server on a folder of its own and a free port, pays, attacks it, verifies its journal, and removes it all.\nAsks nothing. Ends with 1 when anything is not as it should be.',
            '\nArranca un servidor en una carpeta propia y un puerto libre, paga, lo ataca, verifica su diario y lo borra todo.\nNo pregunta nada. Sale con 1 si algo no es como debe ser.',
          ),
        ),
        examples(shell, 'sello demo', 'sello demo --language es', 'sello demo --json'),
      ].join('\n'),
    )
    .option(
      '--connect <host:port>',
      shell.say(
        text(
          'be a client of the server there instead: register, enrol, transfer, be refused',
          'ser un cliente del servidor de ahí: registro, alta, transferencias y rechazos',
        ),
      ),
    )
    .option('--url <url>', shell.say(text("that server's HTTP address", 'la dirección HTTP de ese servidor')))
    .option(
      '--ca <file>',
      shell.say(
        text(
          'trust this certificate authority (PEM), and connect by TLS',
          'confiar en esta autoridad de certificación (PEM) y conectar por TLS',
        ),
      ),
    )
    .option(
      '--server-name <name>',
      shell.say(text('the name in its certificate', 'el nombre de su certificado')),
      'sello',
    )
    .action((given: ConnectOptions) => (given.connect === undefined ? demo(shell) : connectTo(shell, given)));
}

/** @param altered replaces use cases of the server, for tests that the demonstration notices */
export async function demo(shell: Shell, altered?: (services: TcpServices) => TcpServices): Promise<void> {
  // `process.exit` runs the exit handlers, which remove the demonstration's folder.
  const stop = () => process.exit(EXIT.refused);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const { runDemo } = await import('../../demo/demo.ts');
  const write = (line: string) => {
    if (!shell.json) process.stdout.write(line);
  };
  const tour = new Tour(shell.language, write, process.stdout.isTTY === true && !shell.json);
  try {
    const { ok, tookMs, folder } = await runDemo(tour, altered);
    if (!ok) shell.exitCode = EXIT.refused;
    if (shell.json) shell.result({ ok, took_ms: tookMs, folder, checks: tour.checks }, () => []);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
