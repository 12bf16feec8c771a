import { type Command, Option } from 'commander';
import { countdown, grouped } from '../../client/token-screen.ts';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { type CodeOptions, makeCode, type ShownCode } from './shown-code.ts';

/** `sello token code`: shows what the user's phone would show. Contacts no server. */
export function defineTokenCode(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          "show a token's code, as the user's phone would: plain, or bound to one transaction",
          'mostrar el código de un token, como lo haría el teléfono: simple o ligado a una transacción',
        ),
      ),
    )
    .option(
      '--secret <base32>',
      say(text('the seed, as it was told at the enrolment', 'la semilla, tal como se dio en el alta')),
    )
    .option(
      '--uri <otpauth>',
      say(text('or the otpauth:// URI of the QR code', 'o el URI otpauth:// del código QR')),
    )
    .option('--digits <n>', say(text('digits of the code', 'cifras del código')), '6')
    .option('--period <s>', say(text('seconds that a code lasts', 'segundos que dura un código')), '60')
    .addOption(
      new Option('--algorithm <name>', say(text('hash function', 'función resumen')))
        .choices(['sha1', 'sha256', 'sha512'])
        .default('sha1'),
    )
    .option(
      '--counter <n>',
      say(text('a counter code (HOTP) for this counter', 'un código de contador (HOTP) para este contador')),
    )
    .option(
      '--suite <text>',
      say(text('an OCRA code of this suite, to --question', 'un código OCRA de esta suite, a --question')),
    )
    .option('--question <text>', say(text('the question of the OCRA code', 'la pregunta del código OCRA')))
    .option(
      '--bound',
      say(text('a code bound to the transaction below', 'un código ligado a la transacción siguiente')),
    )
    .option('--payer <account>', say(text('the account that pays', 'la cuenta que paga')))
    .option('--payee <account>', say(text('the account that is paid', 'la cuenta que cobra')))
    .option('--amount <decimal>', say(text('the amount', 'el importe')))
    .option('--currency <code>', say(text('its currency', 'su moneda')), 'EUR')
    .option(
      '--challenge <hex>',
      say(text('the challenge (nonce) of the transaction', 'el reto (nonce) de la transacción')),
    )
    .option(
      '--watch',
      say(
        text(
          'count down and show each next code, until Ctrl-C',
          'cuenta atrás y cada código siguiente, hasta Ctrl-C',
        ),
      ),
    )
    .option(
      '--at <time>',
      say(text('as of this time (RFC 3339) instead of now', 'a esta hora (RFC 3339) en vez de ahora')),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello token code --secret GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ --watch',
        'sello token code --secret GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ --counter 0',
        'sello token code --bound --secret S --payer A --payee B --amount 800 --currency EUR --challenge HEX',
      ),
    )
    .action(async (options: CodeOptions) => {
      const at = options.at === undefined ? undefined : Date.parse(options.at);
      if (Number.isNaN(at))
        throw usageFailure(text(`--at is no time: ${options.at}`, `--at no es una hora: ${options.at}`));
      const code = makeCode(options, shell);
      if (options.watch && !shell.json) return watch(code);
      show(shell, code, at ?? Date.now());
    });
}

function show(shell: Shell, { at, periodMs, screen, more }: ShownCode, now: number): void {
  const code = at(now);
  const leftMs = periodMs === 0 ? undefined : periodMs - (now % periodMs);
  const valid = leftMs === undefined ? {} : { valid_for_ms: leftMs };
  shell.result({ code, ...valid, ...more }, () => [
    ...screen,
    `   ${grouped(code)}`,
    ...(leftMs === undefined ? [] : [`   ${countdown(leftMs, periodMs)}`]),
  ]);
}

/** Redraws one line four times a second; without a terminal, prints a line for each new code. */
async function watch({ at, periodMs, screen }: ShownCode): Promise<void> {
  for (const line of screen) process.stdout.write(`${line}\n`);
  let last = '';
  await new Promise<void>((resolve) => {
    const draw = () => {
      const now = Date.now();
      const code = grouped(at(now));
      if (process.stdout.isTTY) {
        const bar = periodMs === 0 ? '' : countdown(periodMs - (now % periodMs), periodMs);
        process.stdout.write(`\r\u001b[K   ${code}   ${bar}`);
      } else if (code !== last) process.stdout.write(`${code}\n`);
      last = code;
    };
    const timer = setInterval(draw, 250);
    const stop = () => {
      clearInterval(timer);
      process.stdout.write(process.stdout.isTTY ? '\n' : '');
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    draw();
  });
}
