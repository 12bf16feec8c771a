import { resolve } from 'node:path';
import type { Command } from 'commander';
import { NOTE_KEY_TYPE, type VerifierKey } from '../../domain/log/verifier-key.ts';
import { readVerifierKey } from '../../domain/log/verify-note.ts';
import { text } from '../../language/text.ts';
import { formatHostAndPort, parseHostAndPort } from '../../net/host-and-port.ts';
import { openLog } from '../serve/log.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';

const FOLDER = text('the folder of its key and of what it saw', 'la carpeta de su clave y de lo que vio');
const FOLDER_DEFAULT = './witness';
const LISTEN_DEFAULT = '127.0.0.1:7380';

/** `sello witness` */
export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('key')
    .description(
      say(
        text(
          "print the witness's verifier key; with --name, make it",
          'mostrar la clave de verificación del testigo; con --name, crearla',
        ),
      ),
    )
    .option('--folder <folder>', say(FOLDER), FOLDER_DEFAULT)
    .option(
      '--name <name>',
      say(text('make the key under this name, once', 'crear la clave con este nombre, una vez')),
    )
    .addHelpText('after', examples(shell, 'sello witness key --name witness.example/w1'))
    .action(async ({ folder, name }: { folder: string; name?: string }) => {
      const { witnessKeyText } = await import('../../compose.ts');
      const vkey = await witnessKeyText(resolve(folder), name);
      shell.result({ vkey }, () => vkey);
    });
  command
    .command('run')
    .description(
      say(
        text(
          'sign the checkpoints of logs, each only if it continues the one before',
          'firmar los puntos de control de registros, cada uno solo si continúa el anterior',
        ),
      ),
    )
    .option('--folder <folder>', say(FOLDER), FOLDER_DEFAULT)
    .option('--listen <host:port>', say(text('where it listens', 'dónde escucha')), LISTEN_DEFAULT)
    .requiredOption(
      '--log <vkey>',
      say(
        text(
          'the verifier key of a log (GET /log/vkey); may be given again',
          'la clave de verificación de un registro (GET /log/vkey); puede repetirse',
        ),
      ),
      (key: string, keys: readonly string[] = []) => [...keys, key],
    )
    .addHelpText(
      'after',
      examples(shell, 'sello witness run --log "$(curl -s https://sello.example/log/vkey)"'),
    )
    .action((options: RunOptions) => run(shell, options));
}

interface RunOptions {
  readonly folder: string;
  readonly listen: string;
  readonly log: readonly string[];
}

async function run(shell: Shell, { folder, listen, log: keys }: RunOptions): Promise<void> {
  const address = parseHostAndPort(listen);
  if (!address) throw usageFailure(text('--listen: expected HOST:PORT', '--listen: se esperaba HOST:PUERTO'));
  const logs = keys.map((key): VerifierKey => {
    const read = readVerifierKey(key.trim());
    if (read?.type === NOTE_KEY_TYPE.ed25519) return read;
    throw usageFailure(
      text('--log: expected NAME+HASH+KEY of a log', '--log: se esperaba NOMBRE+HASH+CLAVE de un registro'),
    );
  });
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve());
  const [logger, { startWitness }] = await Promise.all([openLog(shell.config()), import('../../compose.ts')]);
  const server = await startWitness({ folder: resolve(folder), logs, ...address, logger });
  const at = formatHostAndPort(server.address());
  shell.result({ address: at, vkey: server.vkey, logs: logs.map(({ name }) => name) }, () => [
    shell.say(text(`A witness answers at http://${at}`, `Un testigo responde en http://${at}`)),
    `  ${server.vkey}`,
  ]);
  await stopped.promise;
  await server.stop();
}
