import type { Command } from 'commander';
import { type Text, text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import type { OperationResult } from '../../operator/operations.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import { DISABLED, defineNamedAction, ENABLED } from '../shell/named-action.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { tellMade } from '../shell/tell-made.ts';
import { wholeNumber } from '../shell/whole-number.ts';

const ID = text(
  'its id, as `sello webhook list` shows it',
  'su identificador, como lo muestra `sello webhook list`',
);

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const run = <Name extends Parameters<typeof operate>[1]>(
    name: Name,
    given: Parameters<typeof operate<Name>>[2],
  ) => operate(shell.config(), name, given).then(granted);
  const ofWebhook = (verb: string, description: Text, example: string) =>
    command
      .command(verb)
      .description(say(description))
      .argument('<id>', say(ID))
      .addHelpText('after', examples(shell, example));
  const type = text(
    'an entry type to send, such as transaction.approved or transaction.*; several times for several; none: all',
    'un tipo de entrada que enviar, como transaction.approved o transaction.*; se puede repetir; sin ninguno, todos',
  );

  command
    .command('create')
    .description(
      say(
        text(
          'send the journal’s entries to an address from now on, and show the secret once',
          'enviar desde ahora las entradas del diario a una dirección y mostrar el secreto una vez',
        ),
      ),
    )
    .argument('<url>', say(text('where to, https://…', 'adónde, https://…')))
    .option('--type <type>', say(type), collect)
    .addHelpText(
      'after',
      examples(shell, "sello webhook create https://example.com/hooks --type 'transaction.*' --json"),
    )
    .action(async (url: string, options: { type?: readonly string[] }) => {
      const given = { url, types: [...(options.type ?? [])] };
      printSecret(shell, granted(await operate(shell.config(), 'webhook.create', given, tellMade(shell))));
    });

  command
    .command('list')
    .description(say(text('list webhooks: never their secrets', 'listar los webhooks: nunca sus secretos')))
    .addHelpText('after', examples(shell, 'sello webhook list'))
    .action(async () => {
      const list = await run('webhook.list', {});
      shell.result(list, () =>
        table(
          [
            text('id', 'id'),
            text('address', 'dirección'),
            text('types', 'tipos'),
            text('state', 'estado'),
            text('next index', 'índice siguiente'),
            text('outstanding', 'pendientes'),
          ].map(say),
          list.webhooks.map((webhook) => [
            webhook.id,
            webhook.url,
            webhook.types.join(' ') || '*',
            say(stateOf(webhook)),
            String(webhook.next_index),
            String(webhook.outstanding),
          ]),
        ),
      );
    });

  ofWebhook(
    'rotate',
    text(
      'make a new secret; the last one signs beside it for a day',
      'crear un secreto nuevo; el anterior firma a su lado un día más',
    ),
    'sello webhook rotate wh_4dQz1tq0lE8a --json',
  ).action(async (id: string) => printSecret(shell, await run('webhook.rotate', { id })));

  ofWebhook(
    'types',
    text('replace which types are sent', 'reemplazar qué tipos se envían'),
    'sello webhook types wh_4dQz1tq0lE8a --type transaction.approved',
  )
    .option('--type <type>', say(type), collect)
    .action(async (id: string, options: { type?: readonly string[] }) => {
      const types = [...(options.type ?? [])];
      shell.result(await run('webhook.change', { id, types }), () => `${id}: ${types.join(' ') || '*'}`);
    });

  defineNamedAction(command, shell, say(ID), {
    verb: 'disable',
    description: text('send nothing until it is enabled', 'no enviar nada hasta que se active'),
    done: DISABLED,
    example: 'sello webhook disable wh_4dQz1tq0lE8a',
    run: (id) => run('webhook.change', { id, enabled: false }),
  });
  defineNamedAction(command, shell, say(ID), {
    verb: 'enable',
    description: text('send what waits, and what comes', 'enviar lo que espera y lo que venga'),
    done: ENABLED,
    example: 'sello webhook enable wh_4dQz1tq0lE8a',
    run: (id) => run('webhook.change', { id, enabled: true }),
  });
  defineNamedAction(command, shell, say(ID), {
    verb: 'delete',
    description: text('delete it with its delivery log', 'borrarlo con su registro de envíos'),
    done: text('Deleted', 'Borrado'),
    example: 'sello webhook delete wh_4dQz1tq0lE8a',
    run: (id) => run('webhook.delete', { id }),
  });
  defineNamedAction(command, shell, say(ID), {
    verb: 'test',
    description: text(
      'send a test event; `sello webhook deliveries` tells what became of it',
      'enviar un evento de prueba; `sello webhook deliveries` dice qué fue de él',
    ),
    done: text('Asked for', 'Pedido'),
    example: 'sello webhook test wh_4dQz1tq0lE8a',
    run: (id) => run('webhook.test', { id }),
  });

  ofWebhook(
    'replay',
    text('send every event again from an index on', 'enviar de nuevo todo desde un índice'),
    'sello webhook replay wh_4dQz1tq0lE8a --from 1200',
  )
    .requiredOption('--from <index>', say(text('of the log, from 0', 'del registro, desde 0')))
    .action(async (id: string, options: { from: string }) => {
      const from = wholeNumber(options.from, '--from', 0, Number.MAX_SAFE_INTEGER);
      const replay = await run('webhook.replay', { id, from });
      shell.result(replay, () => `${say(text('Asked for', 'Pedido'))}: ${id}`);
    });

  ofWebhook(
    'deliveries',
    text('the latest attempts, newest first', 'los últimos intentos, el más nuevo primero'),
    'sello webhook deliveries wh_4dQz1tq0lE8a',
  ).action(async (id: string) => {
    const log = await run('webhook.deliveries', { id });
    shell.result(log, () =>
      table(
        [
          text('number', 'número'),
          text('at', 'cuándo'),
          text('event', 'evento'),
          text('type', 'tipo'),
          text('attempt', 'intento'),
          text('outcome', 'resultado'),
          text('next', 'siguiente'),
        ].map(say),
        log.deliveries.map((each) => [
          String(each.number),
          each.at,
          each.event_id,
          each.type,
          String(each.attempt),
          `${each.outcome}${each.status === 0 ? '' : ` ${each.status}`}, ${each.duration_ms} ms`,
          each.next_at ?? '',
        ]),
      ),
    );
  });

  ofWebhook(
    'retry',
    text('send the event of an attempt again', 'enviar de nuevo el evento de un intento'),
    'sello webhook retry wh_4dQz1tq0lE8a --delivery 17',
  )
    .requiredOption('--delivery <number>', say(text('its number', 'su número')))
    .action(async (id: string, options: { delivery: string }) => {
      const delivery = wholeNumber(options.delivery, '--delivery', 1, Number.MAX_SAFE_INTEGER);
      const retry = await run('webhook.retry', { id, delivery });
      shell.result(retry, () => `${say(text('Asked for', 'Pedido'))}: ${id}`);
    });
}

function stateOf({
  enabled,
  disabled_reason: reason,
  failing_since: failing,
}: OperationResult<'webhook.list'>['webhooks'][number]): Text {
  if (reason === 'gone') return text('disabled: it answered 410 Gone', 'desactivado: respondió 410 Gone');
  if (reason === 'failing')
    return text('disabled: it failed for three days', 'desactivado: falló durante tres días');
  if (!enabled) return text('disabled', 'desactivado');
  return failing === null ? text('active', 'activo') : text('failing', 'falla');
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function printSecret(shell: Shell, made: OperationResult<'webhook.create'>): void {
  shell.result(made, () => [
    `${made.id}: ${made.secret}`,
    shell.say(
      text(
        'The secret is shown this once: the receiver verifies the signatures with it.',
        'El secreto se muestra solo esta vez: con él verifica las firmas quien recibe.',
      ),
    ),
  ]);
}
