import type { Command } from 'commander';
import { withoutBlanks } from '../../domain/otp/typed-code.ts';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { defineTokenCode } from './code.ts';
import { activateToken, defineTokenEnrol } from './enrol.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const user = say(text('the user name', 'el nombre de usuario'));

  defineTokenEnrol(command.command('enrol'), shell);
  defineTokenCode(command.command('code'), shell);

  command
    .command('activate')
    .description(
      say(
        text(
          'confirm a token by the first code it shows',
          'confirmar un token con el primer código que muestra',
        ),
      ),
    )
    .argument('<user>', user)
    .argument('<code>', say(text('the code', 'el código')))
    .option('--id <token>', say(text('which token, when several wait', 'qué token, si esperan varios')))
    .addHelpText('after', examples(shell, 'sello token activate alice 123456'))
    .action(async (username: string, code: string, options: { id?: string }) => {
      const activated = granted(await activateToken(shell, username, code, options.id));
      shell.result(activated, () =>
        say(
          text(
            `Token ${activated.id} of ${username} is active.`,
            `El token ${activated.id} de ${username} está activo.`,
          ),
        ),
      );
    });

  command
    .command('list')
    .description(
      say(
        text(
          "list a user's tokens: never their secrets",
          'listar los tokens de un usuario: nunca sus secretos',
        ),
      ),
    )
    .argument('<user>', user)
    .addHelpText('after', examples(shell, 'sello token list alice', 'sello token list alice --json'))
    .action(async (username: string) => {
      const list = granted(await operate(shell.config(), 'token.list', { username }));
      shell.result(list, () =>
        table(
          [
            'id',
            text('type', 'tipo'),
            text('state', 'estado'),
            text('digits', 'cifras'),
            text('uses', 'usos'),
            text('last used', 'último uso'),
            text('label', 'etiqueta'),
          ].map((title) => (typeof title === 'string' ? title : say(title))),
          list.tokens.map((token) => [
            token.id,
            token.type,
            token.status,
            token.digits,
            token.uses,
            token.last_used_at ?? '-',
            token.label,
          ]),
        ),
      );
    });

  command
    .command('revoke')
    .description(
      say(text('refuse the codes of a token from now on', 'rechazar desde ahora los códigos de un token')),
    )
    .argument('<user>', user)
    .argument(
      '<id>',
      say(text('the token, as `sello token list` shows it', 'el token, como lo muestra `sello token list`')),
    )
    .addHelpText('after', examples(shell, 'sello token revoke alice Jx3…'))
    .action(async (username: string, id: string) => {
      const revoked = granted(await operate(shell.config(), 'token.revoke', { username, id }));
      shell.result({ ...revoked, id }, () =>
        say(text(`Token ${id} of ${username} is revoked.`, `El token ${id} de ${username} está revocado.`)),
      );
    });

  command
    .command('recovery-codes')
    .description(
      say(
        text(
          'make new recovery codes for a user with a token; those before end',
          'crear códigos de recuperación nuevos para un usuario con token; los anteriores dejan de valer',
        ),
      ),
    )
    .argument('<user>', user)
    .addHelpText('after', examples(shell, 'sello token recovery-codes alice'))
    .action(async (username: string) => {
      const made = granted(await operate(shell.config(), 'token.recovery_codes', { username }));
      shell.result(made, () => [
        say(text('Shown once; each works once:', 'Se muestran una vez; cada uno sirve una vez:')),
        ...made.codes,
      ]);
    });

  command
    .command('resync')
    .description(
      say(
        text(
          'take up a HOTP token that ran ahead, by two codes that it shows one after the other',
          'alcanzar un token HOTP que se adelantó, con dos códigos que muestra uno tras otro',
        ),
      ),
    )
    .argument('<user>', user)
    .argument('<code>', say(text('the first code', 'el primer código')))
    .argument('<next>', say(text('the next one', 'el siguiente')))
    .option('--id <token>', say(text('which token, where there are several', 'qué token, si hay varios')))
    .addHelpText('after', examples(shell, 'sello token resync alice 123456 654321'))
    .action(async (username: string, code: string, next: string, options: { id?: string }) => {
      const done = granted(
        await operate(shell.config(), 'token.resync', {
          ...{ username, first: withoutBlanks(code), second: withoutBlanks(next) },
          ...(options.id === undefined ? {} : { id: options.id }),
        }),
      );
      shell.result(done, () =>
        say(
          text(
            `Token ${done.id} of ${username} was ${done.ahead} codes ahead; its next one is accepted.`,
            `El token ${done.id} de ${username} iba ${done.ahead} códigos por delante; el siguiente se acepta.`,
          ),
        ),
      );
    });
}
