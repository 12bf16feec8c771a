import { type Command, Option } from 'commander';
import { ATTACK_NAMES, ATTACKS } from '../lab/attacks.ts';
import { LOG_INS } from '../lab/flood.ts';
import { PARALLEL } from '../lab/guess.ts';
import { type MitmOptions, mitm, type TransferChange } from '../lab/mitm.ts';
import { watchProxy } from '../lab/proxy-watch.ts';
import { COPIES } from '../lab/replay.ts';
import { type AttackOptions, PATIENCE_MS } from '../lab/target.ts';
import type { AttackName, Step, Verdict } from '../lab/verdict.ts';
import { endLines, stepLines, verdictJson, word } from '../lab/verdict-lines.ts';
import { examples } from './examples.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';
import { findEndpoint, labFailure, openTarget, refuseForbidden } from './lab-target.ts';
import type { Shell } from './shell.ts';
import { text } from './text.ts';

const PROXY_PORT = 11_003;
const PROXY_TIME_S = 600;
/** Waits for the end of a lock, not for two minutes in each of several attacks. */
const PATIENCE_OF_ALL_MS = 35_000;

interface CommonOptions {
  readonly target?: string;
  readonly patience: string;
}

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
          const count = given === undefined ? {} : { [option]: whole(given, flag, 1, max) };
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

/** What may be set of each attack beside what all have. */
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

function describe(shell: Shell, name: AttackName): string {
  return shell.say(ATTACKS[name].summary);
}

function expectations(shell: Shell, name: AttackName): string {
  const aim = shell.say(text('What an attacker wants: ', 'Lo que quiere un atacante: '));
  const expect = shell.say(
    text(
      'What to expect: every step "held", and "verdict … held" as the last line, exit code 0.',
      'Qué esperar: cada paso "held", y "veredicto … held" en la última línea, código de salida 0.',
    ),
  );
  return `\n${aim}${shell.say(ATTACKS[name].aim)}.\n${expect}\n${examples(shell, ...EXAMPLES[name])}`;
}

const EXAMPLES: Readonly<Record<AttackName, readonly string[]>> = {
  mitm: [
    'sello lab mitm',
    'sello lab mitm --change payee=Mallory --change amount=499',
    'sello lab mitm --proxy --change payee=Mallory',
  ],
  replay: ['sello lab replay', 'sello lab replay --copies 256', 'sello lab replay --patience 130'],
  reorder: ['sello lab reorder', 'sello lab reorder --json'],
  guess: ['sello lab guess', 'sello lab guess --patience 5'],
  flood: ['sello lab flood', 'sello lab flood --log-ins 32'],
  'slow-client': ['sello lab slow-client', 'sello lab slow-client --patience 15'],
  downgrade: ['sello lab downgrade', 'sello lab downgrade --target localhost:11002'],
};

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

interface MitmFlags extends CommonOptions {
  readonly change: readonly string[];
  readonly port: string;
  readonly proxy?: boolean;
  readonly seconds: string;
}

function defineMitm(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .addOption(
      new Option(
        '--change <part=value>',
        say(
          text(
            'what is changed: payee=…, payer=… or amount=… (again for more)',
            'qué se cambia: payee=…, payer=… o amount=… (repetible)',
          ),
        ),
      )
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([], say(text('each of the three', 'cada uno de los tres'))),
    )
    .option('--port <n>', say(text("the proxy's port", 'el puerto del intermediario')), String(PROXY_PORT))
    .option(
      '--proxy',
      say(
        text(
          'only listen: connect a client of your own to the port, and it changes what passes',
          'solo escuchar: conecte un cliente propio al puerto, y cambia lo que pasa',
        ),
      ),
    )
    .option(
      '--seconds <n>',
      say(
        text(
          'with --proxy: ends after this time, or by Ctrl-C',
          'con --proxy: acaba tras este tiempo, o con Ctrl-C',
        ),
      ),
      String(PROXY_TIME_S),
    )
    .addHelpText('after', expectations(shell, 'mitm'))
    .action(async (flags: MitmFlags) => {
      const changes = flags.change.map(readChange);
      const port = whole(flags.port, '--port', 0, 65_535);
      if (flags.proxy) return proxy(shell, flags, port, changes);
      await attack(shell, ['mitm'], flags, { port, ...(changes.length > 0 ? { changes } : {}) });
    });
}

function readChange(given: string): TransferChange {
  const match = /^(payee|payer|amount)=([^,]{1,64})$/.exec(given);
  if (match) return { part: match[1] as TransferChange['part'], value: match[2] ?? '' };
  throw usageFailure(
    text(
      `--change expected payee=NAME, payer=NAME or amount=N, not "${given}"`,
      `--change espera payee=NOMBRE, payer=NOMBRE o amount=N, no "${given}"`,
    ),
  );
}

async function attack(
  shell: Shell,
  names: readonly AttackName[],
  common: CommonOptions,
  more: Partial<MitmOptions> & Readonly<Record<string, unknown>>,
): Promise<void> {
  const patienceMs = 1_000 * whole(common.patience, '--patience', 0, 3_600);
  const verdicts: Verdict[] = [];
  try {
    const { target, close } = await openTarget(shell.config(), common.target);
    try {
      for (const name of names) {
        if (!shell.json) shell.print(`${name}: ${describe(shell, name)}`);
        const onStep = (step: Step) => printStep(shell, step);
        const options: AttackOptions = { patienceMs, onStep, ...more };
        const verdict =
          name === 'mitm' ? await mitm(target, options) : await ATTACKS[name].run(target, options);
        verdicts.push(verdict);
        if (!shell.json) for (const line of endLines(verdict, shell.language)) shell.print(line);
        if (!shell.json && names.length > 1) shell.print('');
      }
    } finally {
      await close();
    }
  } catch (error) {
    throw portFailure(labFailure(error), more.port);
  }
  tellVerdicts(shell, verdicts, names.length > 1);
}

function printStep(shell: Shell, step: Step): void {
  if (!shell.json) for (const line of stepLines(step, shell.language)) shell.print(line);
}

function tellVerdicts(shell: Shell, verdicts: readonly Verdict[], several: boolean): void {
  const held = verdicts.every((verdict) => verdict.held);
  if (!held) shell.exitCode = EXIT.refused;
  const json = verdicts.map((verdict) => verdictJson(verdict, shell.language));
  shell.result(several ? { verdict: word(held), held, attacks: json } : json[0], () =>
    several
      ? [
          ...verdicts.map(({ name, held }) => `  ${word(held).padEnd(7)} ${name}`),
          `${shell.say(text('verdict', 'veredicto'))}: ${word(held)}`,
        ]
      : [],
  );
}

/** The proxy alone, for a person with a client. */
async function proxy(
  shell: Shell,
  flags: MitmFlags,
  port: number,
  changes: readonly TransferChange[],
): Promise<void> {
  const config = shell.config();
  refuseForbidden(config);
  if (changes.length > 1)
    throw usageFailure(text('--proxy makes one --change', '--proxy hace un solo --change'));
  const change = changes[0] ?? { part: 'payee', value: 'Mallory' };
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const endpoint = await findEndpoint(config, flags.target ?? `${config.tcpHost}:${config.tcpPort}`);
    const verdict = await watchProxy(endpoint, {
      port,
      change,
      timeMs: 1_000 * whole(flags.seconds, '--seconds', 1, 86_400),
      signal: stopped.signal,
      onStart: (listening) =>
        shell.note(
          text(
            `127.0.0.1:${listening} → ${endpoint.host}:${endpoint.port}, with ${change.part}=${change.value} in every transaccion. Ctrl-C ends it.`,
            `127.0.0.1:${listening} → ${endpoint.host}:${endpoint.port}, con ${change.part}=${change.value} en toda transaccion. Ctrl-C lo termina.`,
          ),
        ),
      onStep: (step) => printStep(shell, step),
    });
    if (!shell.json) for (const line of endLines(verdict, shell.language)) shell.print(line);
    tellVerdicts(shell, [verdict], false);
  } catch (error) {
    throw portFailure(labFailure(error), port);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}

function portFailure(error: unknown, port: number | undefined): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  return new CommandFailure(
    EXIT.unavailable,
    'port_in_use',
    text(
      `the proxy cannot listen on port ${port}: ${code}`,
      `el intermediario no puede escuchar en el puerto ${port}: ${code}`,
    ),
    text('Give another one: --port N', 'Indique otro: --port N'),
  );
}

function whole(value: string, flag: string, min: number, max: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw usageFailure(
    text(
      `${flag} expected a whole number from ${min} to ${max}, not "${value}"`,
      `${flag} espera un entero de ${min} a ${max}, no "${value}"`,
    ),
  );
}
