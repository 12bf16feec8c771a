import { type Command, Option } from 'commander';
import { SCOPES } from '../../application/services/scopes.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { operate } from '../../operator/client.ts';
import type { OperationResult } from '../../operator/operations.ts';
import { readInput } from '../message/files.ts';
import { examples } from '../shell/examples.ts';
import { granted, usageFailure } from '../shell/failure.ts';
import { DISABLED, defineNamedAction, ENABLED } from '../shell/named-action.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { tellMade } from '../shell/tell-made.ts';
import { wholeNumber } from '../shell/whole-number.ts';

const JWK_BYTES_MAX = 4_096;
const DAY_MS = 86_400_000;
const EXPIRY_DAYS_MAX = 3_650;

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const name = say(text('the service', 'el servicio'));
  const scope = () =>
    new Option(
      '--scope <scope>',
      say(text('what it may do; several times for several', 'qué puede hacer; se puede repetir')),
    )
      .choices(SCOPES)
      .argParser(collect)
      .makeOptionMandatory();

  const expiry = () =>
    new Option(
      '--expires-days <days>',
      say(
        text(
          'days until the key expires; without it, never',
          'días hasta que caduca la clave; sin ello, nunca',
        ),
      ),
    );

  command
    .command('create')
    .description(
      say(text('create a service and show its key once', 'crear un servicio y mostrar su clave una vez')),
    )
    .argument('<name>', name)
    .addOption(scope())
    .addOption(expiry())
    .addHelpText(
      'after',
      examples(shell, 'sello service create shop --scope transactions:write --scope codes:verify --json'),
    )
    .action(async (service: string, options: { scope: readonly string[] } & Expiry) => {
      const made = granted(
        await operate(
          shell.config(),
          'service.create',
          { name: service, scopes: [...options.scope], ...expiresAt(options) },
          tellMade(shell),
        ),
      );
      printKey(shell, made);
    });

  command
    .command('signing-key')
    .description(
      say(
        text(
          'let the service sign its requests (RFC 9421) by the private half of this key, in place of a bearer secret',
          'dejar que el servicio firme sus peticiones (RFC 9421) con la parte privada de esta clave, en vez de un secreto',
        ),
      ),
    )
    .argument('<name>', name)
    .requiredOption(
      '--public-key <file>',
      say(text('a public P-256 key as JWK', 'una clave P-256 pública como JWK')),
    )
    .addOption(expiry())
    .addHelpText('after', examples(shell, 'sello service signing-key shop --public-key shop.jwk.json'))
    .action(async (service: string, options: { readonly publicKey: string } & Expiry) => {
      const { publicKey } = options;
      const jwk = readJwk(await readInput(publicKey, JWK_BYTES_MAX), publicKey);
      const given = { name: service, jwk, ...expiresAt(options) };
      const done = granted(await operate(shell.config(), 'service.signing_key', given));
      shell.result(done, () =>
        say(text(`${service} may sign its requests`, `${service} puede firmar sus peticiones`)),
      );
    });

  command
    .command('rotate')
    .description(
      say(
        text(
          'make a new key; the last one goes on until the next rotation',
          'crear una clave nueva; la anterior sigue hasta la próxima rotación',
        ),
      ),
    )
    .argument('<name>', name)
    .addOption(expiry())
    .addHelpText('after', examples(shell, 'sello service rotate shop --expires-days 90 --json'))
    .action(async (service: string, options: Expiry) => {
      const given = { name: service, ...expiresAt(options) };
      printKey(shell, granted(await operate(shell.config(), 'service.rotate', given)));
    });

  command
    .command('scopes')
    .description(say(text('replace what a service may do', 'reemplazar lo que un servicio puede hacer')))
    .argument('<name>', name)
    .addOption(scope())
    .addHelpText('after', examples(shell, 'sello service scopes shop --scope transactions:read'))
    .action(async (service: string, options: { scope: readonly string[] }) => {
      const changed = granted(
        await operate(shell.config(), 'service.scopes', { name: service, scopes: [...options.scope] }),
      );
      shell.result(changed, () => `${changed.name}: ${changed.scopes.join(', ')}`);
    });

  command
    .command('list')
    .description(say(text('list services: never their keys', 'listar los servicios: nunca sus claves')))
    .addHelpText('after', examples(shell, 'sello service list'))
    .action(async () => {
      const list = granted(await operate(shell.config(), 'service.list', {}));
      shell.result(list, () =>
        table(
          [
            text('name', 'nombre'),
            text('state', 'estado'),
            text('scopes', 'permisos'),
            text('created', 'creado'),
            text('keys', 'claves'),
          ].map(say),
          list.services.map((service) => [
            service.name,
            say(service.disabled ? text('disabled', 'desactivado') : text('active', 'activo')),
            service.scopes.join(' '),
            service.created_at,
            service.key_list.map((key) => keyText(shell, key)).join('; '),
          ]),
        ),
      );
    });

  defineNamedAction(command, shell, name, {
    verb: 'disable',
    description: text('refuse its keys from now on', 'rechazar desde ahora sus claves'),
    done: DISABLED,
    example: 'sello service disable shop',
    run: async (service) => granted(await operate(shell.config(), 'service.disable', { name: service })),
  });
  defineNamedAction(command, shell, name, {
    verb: 'enable',
    description: text('accept its keys again', 'aceptar de nuevo sus claves'),
    done: ENABLED,
    example: 'sello service enable shop',
    run: async (service) => granted(await operate(shell.config(), 'service.enable', { name: service })),
  });
}

interface Expiry {
  readonly expiresDays?: string;
}

/** For an operation; nothing where the key does not expire. */
function expiresAt({ expiresDays }: Expiry): { readonly expires_at?: string } {
  if (expiresDays === undefined) return {};
  const days = wholeNumber(expiresDays, '--expires-days', 1, EXPIRY_DAYS_MAX);
  return { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() };
}

type ListedKey = OperationResult<'service.list'>['services'][number]['key_list'][number];

/** A key as its holder knows it, its last use and its end. */
function keyText(shell: Shell, { id, hint, last_used_at: used, expires_at: expires }: ListedKey): string {
  const parts = [
    hint === null ? id : hint.startsWith('slo_') ? `${hint}…` : hint,
    used === null
      ? text('no use known', 'sin uso conocido')
      : text(`used ${used.slice(0, 10)}`, `usada ${used.slice(0, 10)}`),
    ...(expires === null ? [] : [expiryText(expires)]),
  ];
  return parts.map((part) => (typeof part === 'string' ? part : shell.say(part))).join(', ');
}

function expiryText(expires: string) {
  const leftMs = Date.parse(expires) - Date.now();
  const day = expires.slice(0, 10);
  if (leftMs <= 0) return text(`EXPIRED ${day}`, `CADUCADA ${day}`);
  const soon = leftMs < LIMITS.serviceKeyExpiryWarnedMs;
  return soon
    ? text(`EXPIRES SOON: ${day}`, `CADUCA PRONTO: ${day}`)
    : text(`expires ${day}`, `caduca ${day}`);
}

/** Gathers a repeated option. As the option's own parser it replaces the check against its choices. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function printKey(shell: Shell, made: OperationResult<'service.create'>): void {
  shell.result(made, () => [
    `${made.name}: ${made.key}`,
    shell.say(
      text(
        'The key is shown this once: it is the bearer token of the service.',
        'La clave se muestra solo esta vez: es el token portador del servicio.',
      ),
    ),
  ]);
}

function readJwk(bytes: Buffer, file: string): object {
  try {
    const jwk: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof jwk === 'object' && jwk !== null) return jwk;
  } catch {
    // Reported below.
  }
  throw usageFailure(text(`${file} is no JWK`, `${file} no es una JWK`));
}
