import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CONFIG_KEYS, fileKeyOf } from '../config/keys.ts';
import { nearest } from '../config/nearest.ts';
import { loadConfig } from '../config.ts';
import { type Text, text } from '../language/text.ts';
import { COMMANDS } from './commands.ts';
import { addCommandFlags, addConfigFlags, givenConfigFlags } from './shell/config-flags.ts';
import { earlyLanguage } from './shell/early-language.ts';
import { EXIT, type ExitCode } from './shell/exit-codes.ts';
import { usageFailure } from './shell/failure.ts';
import { Shell } from './shell/shell.ts';

/** Runs one command line. Never throws. @returns the exit code */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  // Every user can read the list of processes: a password in a URL must not stay in it.
  if (argv.some(isSecretFlag)) process.title = 'sello';
  const program = new Command('sello');
  const shell = new Shell(earlyLanguage(argv, process.env), () =>
    loadConfig({
      flags: givenConfigFlags(program),
      environment: process.env,
      file: program.opts<{ config?: string }>().config,
    }),
  );
  // `sello … | head`: the reader of the pipe closes it when it has enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  // Set before the flags are parsed, so that errors in the flags are JSON as well.
  shell.json = argv.includes('--json');
  try {
    refuseSecrets(argv);
    await define(program, shell, argv);
    await program.parseAsync(argv, { from: 'user' });
    return shell.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, shell, program);
    return shell.fail(error);
  }
}

/**
 * Refuses flags that are secrets: what started this process (npm, a shell's history) shows them as well.
 * @throws CommandFailure
 *
 * Why: docs/DECISIONS.md#secrets-are-no-flags
 */
function refuseSecrets(argv: readonly string[]): void {
  for (const argument of argv) {
    const [flag] = argument.split('=', 1);
    const key = CONFIG_KEYS.find((candidate) => candidate.flag === flag);
    const file = key && fileKeyOf(key);
    if (!key || !file) continue;
    throw usageFailure(
      text(
        `${key.flag} is a secret, and flags are shown to everyone in the list of processes: it was not used, choose another one`,
        `${key.flag} es un secreto, y cualquiera ve las opciones en la lista de procesos: no se ha usado, elija otro`,
      ),
      text(
        `Give it by the environment as ${key.variable}, or by a file as ${file.flag}.`,
        `Indíquelo en el entorno como ${key.variable}, o en un fichero con ${file.flag}.`,
      ),
    );
  }
}

function isSecretFlag(argument: string): boolean {
  const [flag] = argument.split('=', 1);
  return CONFIG_KEYS.some((key) => key.schema.secret === true && key.flag === flag);
}

async function define(program: Command, shell: Shell, argv: readonly string[]): Promise<void> {
  const say = (message: Text) => shell.say(message);
  program
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (title) => (shell.language === 'es' ? (TITLES_ES[title] ?? title) : title),
    })
    .description(say(DESCRIPTION))
    .helpOption('-h, --help', say(text('show this help', 'mostrar esta ayuda')))
    .helpCommand(false)
    .version(version(), '-V, --version', say(text('show the version', 'mostrar la versión')))
    .option(
      '--config <file>',
      say(text('the configuration file (YAML)', 'el fichero de configuración (YAML)')),
    )
    .option(
      '--json',
      say(
        text(
          'the result, and errors, as one line of JSON',
          'el resultado, y los errores, en una línea de JSON',
        ),
      ),
    )
    .addHelpText('after', say(AFTER_HELP));
  addConfigFlags(program, shell.language);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(say(summary)).summary(say(summary));
    if (!argv.includes(name)) continue;
    (await load()).define(command, shell);
    addCommandFlags(command);
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The parser throws for help as well as for mistakes. */
function endOfParsing(error: CommanderError, shell: Shell, program: Command): ExitCode {
  if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return EXIT.done;
  if (error.code === 'commander.help') {
    process.stderr.write(shell.say(text('\nsello: name a command\n', '\nsello: indique una orden\n')));
    return EXIT.usage;
  }
  const message = error.message.replace(/^error: /, '').split('\n')[0] ?? '';
  const flag = error.code === 'commander.unknownOption' ? /'(--?[^'=]*)/.exec(message)?.[1] : undefined;
  const near = flag === undefined ? undefined : nearest(flag, knownFlags(program));
  const meant = near === undefined ? '' : `; ${shell.say(text('did you mean', '¿quería decir'))} ${near}?`;
  const suggestion = error.message.includes('Did you mean')
    ? ` ${error.message.slice(error.message.indexOf('('))}`
    : '';
  const whole = `${message}${meant === '' ? suggestion : meant}`;
  return shell.fail(
    usageFailure(
      text(whole, whole),
      text('Try --help after the command.', 'Pruebe con --help tras la orden.'),
    ),
  );
}

function knownFlags(program: Command): string[] {
  const own = (command: Command): string[] => [
    ...command.options.flatMap(({ long }) => long ?? []),
    ...command.commands.flatMap(own),
  ];
  return [...new Set([...own(program), ...CONFIG_KEYS.map(({ flag }) => flag)])];
}

const DESCRIPTION = text(
  'Sello authorises a transaction with a one-time code that fits only that transaction.',
  'Sello autoriza una transacción con un código de un solo uso que solo vale para esa transacción.',
);

const AFTER_HELP = text(
  `
Every key of the configuration is a flag, too: docs/configuration.md, or sello serve --help.

Exit codes:
  0   done
  1   refused, or a check found something wrong
  2   a flag, an argument or the configuration is wrong
  3   a server, the database or the key vault cannot be reached or is in use
  70  a mistake in Sello itself`,
  `
Toda clave de la configuración es también una opción: docs/configuration.md, o sello serve --help.

Códigos de salida:
  0   hecho
  1   rechazado, o una comprobación encontró algo mal
  2   una opción, un argumento o la configuración no es correcta
  3   un servidor, la base de datos o el almacén de claves no responde o está en uso
  70  un error de Sello mismo`,
);

const TITLES_ES: Readonly<Record<string, string>> = {
  'Usage:': 'Uso:',
  'Arguments:': 'Argumentos:',
  'Options:': 'Opciones:',
  'Global Options:': 'Opciones globales:',
  'Commands:': 'Órdenes:',
};
