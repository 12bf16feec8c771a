import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { definePassphrase } from './passphrase.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('rotate')
    .description(
      say(
        text(
          'make new keys, wrap every seed and MAC key again, destroy the old keys; traffic goes on',
          'crear claves nuevas, envolver de nuevo cada semilla y clave MAC y destruir las viejas; el tráfico sigue',
        ),
      ),
    )
    .option(
      '--keep-old',
      say(
        text(
          "keep the old keys: backups made before can be opened with today's vault",
          'conservar las claves viejas: las copias anteriores se abren con el almacén de hoy',
        ),
      ),
    )
    .addHelpText('after', examples(shell, 'sello keys rotate', 'sello keys rotate --keep-old --json'))
    .action(async (options: { keepOld?: boolean }) => {
      const rotated = granted(
        await operate(shell.config(), 'keys.rotate', { keep_old: options.keepOld === true }),
      );
      shell.result(rotated, () => [
        say(
          text(
            `Key version ${rotated.version} is in use; ${rotated.rewrapped} keys wrapped again.`,
            `La versión de clave ${rotated.version} está en uso; ${rotated.rewrapped} claves envueltas de nuevo.`,
          ),
        ),
        rotated.old_destroyed
          ? say(text('The old versions are destroyed.', 'Las versiones viejas están destruidas.'))
          : say(text('The old versions are kept.', 'Las versiones viejas se conservan.')),
        ...(rotated.damaged > 0
          ? [
              say(
                text(
                  `${rotated.damaged} keys are damaged and open for nobody.`,
                  `${rotated.damaged} claves están dañadas y no se abren para nadie.`,
                ),
              ),
            ]
          : []),
      ]);
    });

  command
    .command('list')
    .description(
      say(
        text(
          'list the keys: versions and public halves alone',
          'listar las claves: solo versiones y mitades públicas',
        ),
      ),
    )
    .addHelpText('after', examples(shell, 'sello keys list', 'sello keys list --json'))
    .action(async () => {
      const keys = granted(await operate(shell.config(), 'keys.list', {}));
      shell.result(keys, () => [
        `${say(text('custody', 'custodia'))}: ${keys.custody}`,
        `${say(text('key version in use', 'versión de clave en uso'))}: ${keys.key_version}`,
        ...table(
          [
            say(text('version', 'versión')),
            say(text('made', 'creada')),
            say(text('state', 'estado')),
            say(text('encryption key', 'clave de cifrado')),
            say(text('signing key', 'clave de firma')),
          ],
          keys.versions.map(
            ({ version, made_at: madeAt, active, encryption_key: encryptionKey, signing_key: kid }) => [
              String(version),
              madeAt ?? '-',
              active ? say(text('active', 'activa')) : say(text('retired', 'retirada')),
              encryptionKey === 'kept' ? say(text('kept', 'guardada')) : say(text('destroyed', 'destruida')),
              kid,
            ],
          ),
        ),
        ...table(
          [
            say(text('derives', 'deriva')),
            say(text('version', 'versión')),
            say(text('made', 'creada')),
            say(text('state', 'estado')),
          ],
          keys.master_keys.map(({ use, version, active, made_at: madeAt, good_until: until }) => [
            say(
              use === 'challenge'
                ? text('challenges', 'desafíos')
                : text('sealed answers', 'respuestas selladas'),
            ),
            String(version),
            madeAt ?? '-',
            active
              ? say(text('active', 'activa'))
              : say(text(`retired, good until ${until ?? '-'}`, `retirada, válida hasta ${until ?? '-'}`)),
          ]),
        ),
      ]);
    });

  definePassphrase(command.command('passphrase'), shell);
}
