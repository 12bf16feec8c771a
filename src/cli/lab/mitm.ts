import { type Command, Option } from 'commander';
import { watchProxy } from '../../lab/mitm/proxy-watch.ts';
import type { TransferChange } from '../../lab/mitm/transfer-change.ts';
import { endLines } from '../../lab/verdict-lines.ts';
import { text } from '../../language/text.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';
import { expectations } from './help.ts';
import { attack, type CommonOptions, portFailure, printStep, printVerdicts } from './run.ts';
import { endpointAt, labFailure, refuseForbidden } from './target.ts';

const PROXY_PORT = 11_003;
const PROXY_TIME_S = 600;

interface MitmFlags extends CommonOptions {
  readonly change: readonly string[];
  readonly port: string;
  readonly proxy?: boolean;
  readonly seconds: string;
}

export function defineMitm(command: Command, shell: Shell): void {
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
      const port = wholeNumber(flags.port, '--port', 0, 65_535);
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

/** Runs only the proxy, for a person with a client. */
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
    const endpoint = await endpointAt(config, flags.target ?? `${config.tcpHost}:${config.tcpPort}`);
    const verdict = await watchProxy(endpoint, {
      port,
      change,
      timeMs: 1_000 * wholeNumber(flags.seconds, '--seconds', 1, 86_400),
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
    printVerdicts(shell, [verdict], false);
  } catch (error) {
    throw portFailure(labFailure(error), port);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
