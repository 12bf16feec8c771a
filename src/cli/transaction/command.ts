import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';
import { type SendOptions, send } from './send.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('send')
    .description(
      say(
        text(
          'log in over TCP, answer a challenge with a MAC and, where there is one, a code',
          'iniciar sesión por TCP y responder a un reto con un MAC y, si lo hay, un código',
        ),
      ),
    )
    .requiredOption('--user <name>', say(text('the user name', 'el nombre de usuario')))
    .requiredOption(
      '--data <text>',
      say(text('payer,payee,amount[,currency]', 'ordenante,beneficiario,importe[,moneda]')),
    )
    .option(
      '--password-stdin',
      say(text('read the password from standard input', 'leer la contraseña de la entrada estándar')),
    )
    .option(
      '--secret <base32>',
      say(
        text(
          "the seed of the user's ocra token: its bound code is computed here",
          'la semilla del token ocra del usuario: su código ligado se calcula aquí',
        ),
      ),
    )
    .option('--code <code>', say(text('or a code', 'o un código')))
    .option(
      '--log-in-code <code>',
      say(
        text(
          'the code for the log-in, of a user who has a totp or hotp token',
          'el código para iniciar sesión, de un usuario que tiene token totp o hotp',
        ),
      ),
    )
    .option(
      '--idempotency-key <text>',
      say(
        text(
          'repeat safely: the same key is executed once',
          'repetir sin riesgo: la misma clave se ejecuta una vez',
        ),
      ),
    )
    .option('--receipt', say(text('ask for the signed receipt', 'pedir el recibo firmado')))
    .option('--tls', say(text('connect by TLS', 'conectar por TLS')))
    .option(
      '--ca <file>',
      say(
        text(
          'trust this certificate (PEM) instead of the system ones',
          'confiar en este certificado (PEM) en vez de los del sistema',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        "printf secreto | sello transaction send --user alice --password-stdin --data 'CuentaA,CuentaB,100.0'",
        "printf secreto | sello transaction send --user alice --password-stdin --data 'CuentaA,CuentaB,800' --secret S --json",
      ),
    )
    .action((options: SendOptions) => send(shell, options));
}
