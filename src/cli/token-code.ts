import { type Command, Option } from 'commander';
import { isRefusal } from '../domain/errors.ts';
import { BOUND_SUITE, boundCode } from '../domain/otp/bound-code.ts';
import type { HmacAlgorithm } from '../domain/otp/hmac.ts';
import { hotpCode } from '../domain/otp/hotp.ts';
import { ocraCode, parseSuite } from '../domain/otp/ocra.ts';
import { parseOtpauthUri } from '../domain/otp/otpauth.ts';
import { totpCode } from '../domain/otp/totp.ts';
import { boundQuestion, type CanonicalTransaction } from '../domain/transaction.ts';
import { makeTransfer } from '../domain/transfer.ts';
import { countdown, grouped, readSeed, tokenHmac, transferScreen } from './code-display.ts';
import { examples } from './examples.ts';
import { granted, usageFailure } from './failure.ts';
import type { Shell } from './shell.ts';
import { text } from './text.ts';

interface CodeOptions {
  readonly secret?: string;
  readonly uri?: string;
  readonly digits: string;
  readonly period: string;
  readonly algorithm: HmacAlgorithm;
  readonly counter?: string;
  readonly suite?: string;
  readonly question?: string;
  readonly bound?: boolean;
  readonly payer?: string;
  readonly payee?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly challenge?: string;
  readonly watch?: boolean;
  readonly at?: string;
}

/** `sello token code`: the user's phone, played at a terminal. Talks to no server. */
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

/** How a code is made, and what is shown with it. */
interface ShownCode {
  readonly at: (ms: number) => string;
  /** 0: it does not change with time. */
  readonly periodMs: number;
  readonly screen: readonly string[];
  readonly more: Readonly<Record<string, unknown>>;
}

function makeCode(options: CodeOptions, shell: Shell): ShownCode {
  if (options.bound) return boundCodeOf(options, shell);
  const named = options.uri === undefined ? undefined : granted(parseOtpauthUri(options.uri));
  const seed = named?.secret ?? readSeed(required(options.secret, '--secret'));
  if (options.suite !== undefined) return ocraCodeOf(seed, options);
  const digits = named?.digits ?? whole(options.digits, '--digits', 1, 10);
  const algorithm = named?.algorithm ?? options.algorithm;
  const counter = options.counter ?? (named?.type === 'hotp' ? String(named.counter) : undefined);
  if (counter !== undefined) {
    const code = hotpCode(tokenHmac, seed, whole(counter, '--counter', 0, Number.MAX_SAFE_INTEGER), {
      algorithm,
      digits,
    });
    return { at: () => code, periodMs: 0, screen: [], more: {} };
  }
  const periodS = named?.periodS ?? whole(options.period, '--period', 1, 86_400);
  return {
    at: (ms) => totpCode(tokenHmac, seed, ms, { algorithm, digits, periodS }),
    periodMs: periodS * 1000,
    screen: [],
    more: {},
  };
}

function boundCodeOf(options: CodeOptions, shell: Shell): ShownCode {
  const seed = readSeed(required(options.secret, '--secret'));
  const challenge = required(options.challenge, '--challenge');
  if (!/^([0-9a-f]{2})+$/.test(challenge))
    throw usageFailure(
      text('--challenge expected lower-case hex', '--challenge espera hexadecimal en minúsculas'),
    );
  const transfer = granted(
    makeTransfer(
      {
        payer: required(options.payer, '--payer'),
        payee: required(options.payee, '--payee'),
        amount: required(options.amount, '--amount'),
        currency: options.currency,
      },
      'EUR',
    ),
  );
  const transaction: CanonicalTransaction = { ...transfer, challenge, v: 1 };
  const question = boundQuestion(transaction);
  const labels = {
    payee: shell.say(text('PAY TO', 'PAGAR A')),
    amount: shell.say(text('AMOUNT', 'IMPORTE')),
    payer: shell.say(text('from', 'desde')),
  };
  return {
    at: (ms) => boundCode(tokenHmac, seed, question, ms),
    periodMs: 60_000,
    screen: transferScreen(transfer, labels),
    more: { suite: BOUND_SUITE, question, transaction },
  };
}

function ocraCodeOf(seed: Uint8Array, options: CodeOptions): ShownCode {
  const suite = parseSuite(options.suite ?? '');
  if (isRefusal(suite))
    throw usageFailure(
      text(`--suite is no OCRA suite: ${options.suite}`, `--suite no es una suite de OCRA: ${options.suite}`),
    );
  const question = required(options.question, '--question');
  const counter =
    options.counter === undefined
      ? {}
      : { counter: whole(options.counter, '--counter', 0, Number.MAX_SAFE_INTEGER) };
  const { timeStepS } = suite;
  const at = (ms: number) => {
    const timeStep = timeStepS === undefined ? {} : { timeStep: Math.floor(ms / (timeStepS * 1000)) };
    try {
      return ocraCode(tokenHmac, suite, seed, { question, ...counter, ...timeStep });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw usageFailure(text(error.message, error.message));
    }
  };
  return { at, periodMs: (timeStepS ?? 0) * 1000, screen: [], more: { suite: suite.text } };
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

/** Redraws one line a quarter of a second; where no terminal is, a line for each new code. */
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

function required(value: string | undefined, flag: string): string {
  if (value !== undefined && value !== '') return value;
  throw usageFailure(text(`${flag} is missing`, `falta ${flag}`));
}

function whole(value: string, flag: string, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw usageFailure(
    text(
      `${flag} expected a whole number from ${min} to ${max}, not "${value}"`,
      `${flag} espera un entero de ${min} a ${max}, no "${value}"`,
    ),
  );
}
