import { type Command, Option } from 'commander';
import { withoutBlanks } from '../../domain/otp/typed-code.ts';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import type { OperationArguments, OperationResult } from '../../operator/operations.ts';
import { examples } from '../shell/examples.ts';
import { granted, usageFailure } from '../shell/failure.ts';
import { ask } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';

interface EnrolOptions {
  readonly type: 'totp' | 'hotp' | 'ocra';
  readonly digits?: string;
  readonly period?: string;
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512';
  readonly label?: string;
  readonly activateWithCode?: string;
}

/** `sello token enrol`: the secret is shown once, then the first code is asked for. */
export function defineTokenEnrol(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'enrol a token: shows its secret once, then asks for its first code',
          'dar de alta un token: muestra su secreto una vez y pide su primer código',
        ),
      ),
    )
    .argument('<user>', say(text('the user name', 'el nombre de usuario')))
    .addOption(
      new Option(
        '--type <type>',
        say(
          text(
            'totp: a code a minute; hotp: a code a press; ocra: codes bound to a transaction',
            'totp: un código por minuto; hotp: uno por pulsación; ocra: ligados a una transacción',
          ),
        ),
      )
        .choices(['totp', 'hotp', 'ocra'])
        .default('totp'),
    )
    .option('--digits <n>', say(text('digits of a code, 6 to 8', 'cifras de un código, de 6 a 8')))
    .option(
      '--period <s>',
      say(text('seconds that a code lasts, 15 to 300', 'segundos que dura un código, de 15 a 300')),
    )
    .addOption(
      new Option('--algorithm <name>', say(text('hash function', 'función resumen'))).choices([
        'sha1',
        'sha256',
        'sha512',
      ]),
    )
    .option('--label <text>', say(text('a name for the token', 'un nombre para el token')))
    .option(
      '--activate-with-code <code>',
      say(
        text(
          'activate the token of this user that waits, by this code, instead',
          'activar con este código el token del usuario que espera',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello token enrol alice --type totp',
        'sello token enrol alice --type ocra --json',
        'sello token enrol alice --activate-with-code 123456',
      ),
    )
    .action(async (username: string, options: EnrolOptions) => {
      if (options.activateWithCode !== undefined) {
        const activated = granted(await activateToken(shell, username, options.activateWithCode, undefined));
        return shell.result(activated, () =>
          say(
            text(
              `Token ${activated.id} of ${username} is active.`,
              `El token ${activated.id} de ${username} está activo.`,
            ),
          ),
        );
      }
      const enrolled = granted(await operate(shell.config(), 'token.enrol', enrolment(username, options)));
      if (shell.json) return shell.result(enrolled, () => []);
      await showEnrolment(shell, username, enrolled);
    });
}

function enrolment(
  username: string,
  { type, digits, period, algorithm, label }: EnrolOptions,
): OperationArguments<'token.enrol'> {
  return {
    username,
    type,
    ...(digits === undefined ? {} : { digits: number(digits, '--digits') }),
    ...(period === undefined ? {} : { period_s: number(period, '--period') }),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(label === undefined ? {} : { label }),
  };
}

function number(value: string, flag: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw usageFailure(
    text(`${flag} expected a whole number, not "${value}"`, `${flag} espera un entero, no "${value}"`),
  );
}

export function activateToken(shell: Shell, username: string, code: string, id: string | undefined) {
  return operate(shell.config(), 'token.activate', {
    username,
    code: withoutBlanks(code),
    ...(id === undefined ? {} : { id }),
  });
}

async function showEnrolment(
  shell: Shell,
  username: string,
  enrolled: OperationResult<'token.enrol'>,
): Promise<void> {
  const say = shell.say.bind(shell);
  if ('otpauth_uri' in enrolled) {
    const { qrText } = await import('./qr-text.ts');
    shell.print(qrText(enrolled.otpauth_uri, process.stdout.isTTY));
    shell.print(enrolled.otpauth_uri);
  } else {
    shell.print(`${say(text('suite', 'suite'))}: ${enrolled.suite}`);
    shell.print(
      `${say(text('question of the first code', 'pregunta del primer código'))}: ${enrolled.activation_question}`,
    );
  }
  shell.print(`${say(text('secret (shown once)', 'secreto (se muestra una vez)'))}: ${enrolled.secret}`);
  if (!process.stdin.isTTY) {
    const command = `sello token activate ${username} CODE`;
    return shell.print(`${say(text('It waits for its first code', 'Espera su primer código'))}: ${command}`);
  }
  const code = await ask(
    shell,
    text('First code that the token shows', 'Primer código que muestra el token'),
  );
  granted(await activateToken(shell, username, withoutBlanks(code), enrolled.id));
  shell.print(
    say(
      text(
        `Token ${enrolled.id} of ${username} is active.`,
        `El token ${enrolled.id} de ${username} está activo.`,
      ),
    ),
  );
}
