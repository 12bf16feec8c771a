import { type Command, Option } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import type { OperationResult } from '../../operator/operations.ts';
import { CANNOT_BE_UNDONE } from '../shell/cannot-be-undone.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import { DISABLED, defineNamedAction, ENABLED } from '../shell/named-action.ts';
import { readPassword } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { tellMade } from '../shell/tell-made.ts';

const PAGE = 500;

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const name = say(text('the user name', 'el nombre de usuario'));

  command
    .command('create')
    .description(
      say(
        text(
          'create a user, whatever registration_open says',
          'crear un usuario, diga lo que diga registration_open',
        ),
      ),
    )
    .argument('<name>', name)
    .addOption(
      new Option('--role <role>', say(text('what the user may do', 'qué puede hacer el usuario')))
        .choices(['user', 'admin', 'auditor'])
        .default('user'),
    )
    .option(
      '--password-stdin',
      say(text('read the password from standard input', 'leer la contraseña de la entrada estándar')),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'printf secreto | sello user create alice --password-stdin',
        'sello user create root --role admin',
      ),
    )
    .action(
      async (username: string, options: { role: 'user' | 'admin' | 'auditor'; passwordStdin?: boolean }) => {
        const config = shell.config();
        const password = await readPassword(shell, options.passwordStdin);
        const created = granted(
          await operate(config, 'user.create', { username, password, role: options.role }, tellMade(shell)),
        );
        shell.result(created, () =>
          say(
            text(
              `Created ${created.username} (${created.role}).`,
              `Creado ${created.username} (${created.role}).`,
            ),
          ),
        );
      },
    );

  command
    .command('list')
    .description(say(text('list users', 'listar usuarios')))
    .option('--search <text>', say(text('only names that contain this', 'solo nombres que contienen esto')))
    .addHelpText('after', examples(shell, 'sello user list', 'sello user list --search ali --json'))
    .action(async (options: { search?: string }) => {
      const users = await listAll(shell, options.search);
      shell.result({ users }, () =>
        table(
          [
            text('name', 'nombre'),
            text('role', 'rol'),
            text('state', 'estado'),
            text('tokens', 'tokens'),
            text('sessions', 'sesiones'),
            text('created', 'creado'),
          ].map(say),
          users.map((user) => [
            user.username,
            user.role,
            stateOf(shell, user),
            user.tokens,
            user.sessions,
            user.created_at,
          ]),
        ),
      );
    });

  command
    .command('password')
    .description(
      say(
        text(
          'set a new password; sessions end, but for those of virtual tokens',
          'poner una contraseña nueva; se cierran las sesiones, salvo las de los tokens virtuales',
        ),
      ),
    )
    .argument('<name>', name)
    .option(
      '--password-stdin',
      say(text('read the password from standard input', 'leer la contraseña de la entrada estándar')),
    )
    .addHelpText('after', examples(shell, 'printf secreto | sello user password alice --password-stdin'))
    .action(async (username: string, options: { passwordStdin?: boolean }) => {
      const config = shell.config();
      const password = await readPassword(shell, options.passwordStdin);
      const done = granted(await operate(config, 'user.password', { username, password }));
      shell.result(done, () =>
        say(text(`Password of ${username} changed`, `Contraseña de ${username} cambiada`)),
      );
    });

  defineNamedAction(command, shell, name, {
    verb: 'disable',
    description: text(
      'end all sessions and refuse log-ins and transactions',
      'cerrar todas las sesiones y rechazar inicios y transacciones',
    ),
    done: DISABLED,
    example: 'sello user disable alice',
    run: async (username) => granted(await operate(shell.config(), 'user.disable', { username })),
  });
  defineNamedAction(command, shell, name, {
    verb: 'enable',
    description: text('allow log-ins again', 'permitir de nuevo el inicio de sesión'),
    done: ENABLED,
    example: 'sello user enable alice',
    run: async (username) => granted(await operate(shell.config(), 'user.enable', { username })),
  });
  defineNamedAction(command, shell, name, {
    verb: 'unlock',
    description: text(
      'forget wrong attempts and end the wait they caused',
      'olvidar los intentos fallidos y la espera que causaron',
    ),
    done: text('Unlocked', 'Desbloqueado'),
    example: 'sello user unlock alice',
    run: async (username) => granted(await operate(shell.config(), 'user.unlock', { username })),
  });
  defineNamedAction(command, shell, name, {
    verb: 'remove',
    description: text(
      'end every way in for good and free the name; the journal stays',
      'cerrar para siempre todos los accesos y liberar el nombre; el diario se conserva',
    ),
    done: text('Removed', 'Eliminado'),
    example: 'sello user remove alice',
    run: async (username) => granted(await operate(shell.config(), 'user.remove', { username })),
  });
  defineErase(command.command('erase'), shell, name);
}

function defineErase(command: Command, shell: Shell, argument: string): void {
  command
    .description(
      shell.say(
        text(
          'remove a user and delete what is known of them: name, password, tokens, messages, and what their entries say; hashes stay, so that everything else stays provable',
          'eliminar a un usuario y borrar lo que se sabe de él: nombre, contraseña, tokens, mensajes y lo que dicen sus entradas; los hashes se conservan, para que todo lo demás siga siendo demostrable',
        ),
      ),
    )
    .argument('<name>', argument)
    .requiredOption('--yes', shell.say(CANNOT_BE_UNDONE))
    .addHelpText('after', examples(shell, 'sello user erase alice --yes'))
    .action(async (username: string) => {
      const erased = granted(await operate(shell.config(), 'user.erase', { username }));
      shell.result(erased, () =>
        shell.say(
          text(
            `Erased: user ${erased.user_id}, ${erased.entries} entries`,
            `Borrado: usuario ${erased.user_id}, ${erased.entries} entradas`,
          ),
        ),
      );
      if (!erased.finished) {
        shell.note(
          text(
            'Some of the bodies are still there: the server that archives takes them away as soon as it can, and its log says why where it cannot.',
            'Quedan algunos contenidos: el servidor que archiva los borra en cuanto puede, y su registro dice por qué cuando no puede.',
          ),
        );
      }
    });
}

type ListedUser = OperationResult<'user.list'>['users'][number];

async function listAll(shell: Shell, search: string | undefined): Promise<readonly ListedUser[]> {
  const users: ListedUser[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const page: OperationResult<'user.list'> = granted(
      await operate(shell.config(), 'user.list', { after, limit: PAGE, ...(search ? { search } : {}) }),
    );
    users.push(...page.users);
    after = page.next;
  }
  return users;
}

function stateOf(shell: Shell, user: ListedUser): string {
  if (user.disabled) return shell.say(text('disabled', 'desactivado'));
  const lockedMs = Math.max(user.password_locked_for_ms, user.code_locked_for_ms);
  if (lockedMs > 0) return `${shell.say(text('locked', 'bloqueado'))} ${Math.ceil(lockedMs / 1000)} s`;
  return shell.say(text('active', 'activo'));
}
