import type { Command } from 'commander';
import { ATTACK_NAMES } from '../../lab/attacks.ts';
import { LOG_INS } from '../../lab/flood/flood.ts';
import { PARALLEL } from '../../lab/guess/guess.ts';
import { COPIES } from '../../lab/replay.ts';
import { PATIENCE_MS } from '../../lab/target.ts';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';
import { describe, expectations } from './help.ts';
import { defineMitm } from './mitm.ts';
import { attack, type CommonOptions } from './run.ts';

/** Long enough for a lock to end. Several attacks have steps of two minutes: `all` skips those. */
const PATIENCE_OF_ALL_MS = 35_000;

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command.addHelpText('after', () =>
    [
      say(
        text(
          '\nEach attack runs against the server of the data folder, on loopback alone, ends by itself, and prints a\nverdict: held (exit code 0) or BROKEN (1). It uses users of its own, named lab-…, and disables them afterwards.',
          '\nCada ataque va contra el servidor de la carpeta de datos, solo en loopback, acaba por sí mismo e imprime un\nveredicto: held, resiste (código de salida 0), o BROKEN, roto (1). Usa usuarios propios, lab-…, y los desactiva al final.',
        ),
      ),
      examples(shell, 'sello lab all', 'sello lab mitm', 'sello lab guess --json'),
    ].join('\n'),
  );
  command.helpCommand(false);
  for (const name of ATTACK_NAMES) {
    const sub = command.command(name).description(describe(shell, name));
    addCommonOptions(sub, shell);
    if (name === 'mitm') defineMitm(sub, shell);
    else {
      const { flag, help, option, byDefault, max } = COUNTS[name];
      if (flag) sub.option(`${flag} <n>`, say(help), byDefault);
      sub
        .addHelpText('after', expectations(shell, name))
        .action(async (options: CommonOptions & Record<string, string>) => {
          const given = options[option];
          const count = given === undefined ? {} : { [option]: wholeNumber(given, flag, 1, max) };
          await attack(shell, [name], options, count);
        });
    }
  }
  const all = command
    .command('all')
    .description(say(text('all attacks, one after the other', 'todos los ataques, uno tras otro')));
  addCommonOptions(all, shell, PATIENCE_OF_ALL_MS);
  all
    .addHelpText(
      'after',
      examples(shell, 'sello lab all', 'sello lab all --patience 5', 'sello lab all --patience 130 --json'),
    )
    .action((options: CommonOptions) => attack(shell, ATTACK_NAMES, options, {}));
}

/** The option that each attack has besides the common ones. */
const COUNTS = {
  replay: count(
    '--copies',
    'copies',
    COPIES,
    512,
    text('copies of one transaction at once', 'copias de una transacción a la vez'),
  ),
  reorder: count('--messages', 'messages', 8, 9, text('messages in one pipeline', 'mensajes en una cadena')),
  guess: count('--parallel', 'parallel', PARALLEL, 512, text('guesses at once', 'intentos a la vez')),
  flood: count(
    '--log-ins',
    'logIns',
    LOG_INS,
    900,
    text(
      'log-ins at once, a password hash each',
      'inicios de sesión a la vez, un resumen de contraseña cada uno',
    ),
  ),
  'slow-client': count('', '', 0, 0, text('', '')),
  downgrade: count('', '', 0, 0, text('', '')),
} as const;

function count(flag: string, option: string, byDefault: number, max: number, help: ReturnType<typeof text>) {
  return { flag, option, byDefault: String(byDefault), max, help };
}

function addCommonOptions(command: Command, shell: Shell, patienceMs = PATIENCE_MS): void {
  const say = shell.say.bind(shell);
  command
    .option(
      '--target <host:port>',
      say(
        text(
          'where the server is reached, on loopback; by default where it listens',
          'dónde se llega al servidor, en loopback; por defecto donde escucha',
        ),
      ),
    )
    .option(
      '--patience <s>',
      say(
        text(
          'leave out what takes longer, such as waiting for a lock to end',
          'omitir lo que tarde más, como esperar el fin de un bloqueo',
        ),
      ),
      String(patienceMs / 1_000),
    );
}
