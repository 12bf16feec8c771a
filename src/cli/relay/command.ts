import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { granted, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('status')
    .description(
      say(
        text(
          'show how far each sink of events has come, and what is wrong with it',
          'mostrar hasta dónde ha llegado cada destino de eventos y qué le pasa',
        ),
      ),
    )
    .addHelpText('after', examples(shell, 'sello relay status', 'sello relay status --json'))
    .action(async () => {
      const status = await statusOf(shell);
      shell.result(status, () => [
        say(text(`${status.size} entries are sealed.`, `Hay ${status.size} entradas selladas.`)),
        ...(status.sinks.length === 0
          ? [say(text('No sink of events is configured.', 'No hay ningún destino de eventos configurado.'))]
          : table(
              [
                say(text('sink', 'destino')),
                say(text('state', 'estado')),
                say(text('next', 'siguiente')),
                say(text('lag', 'retraso')),
                say(text('under way', 'en camino')),
                say(text('problem', 'problema')),
              ],
              status.sinks.map(({ sink, state, next, lag, under_way: underWay, problem }) => [
                ...[sink, say(STATES[state]), next, lag, underWay],
                problem ? `${problem.kind}: ${problem.message}` : '-',
              ]),
            )),
      ]);
    });

  command
    .command('rewind')
    .description(
      say(
        text(
          'have a sink begin at an index of the log, and send again what it had from there',
          'hacer que un destino empiece en un índice del registro y reenviar lo que tenía desde ahí',
        ),
      ),
    )
    .argument('<sink>', say(text('its name in `sello relay status`', 'su nombre en `sello relay status`')))
    .requiredOption('--from <index>', say(text('0 for everything', '0 para todo')))
    .addHelpText('after', examples(shell, 'sello relay rewind pulsar --from 0'))
    .action(async (sink: string, { from }: { from: string }) => {
      if (!/^\d{1,15}$/.test(from)) {
        throw usageFailure(text('--from expected an index, such as 0', '--from esperaba un índice, como 0'));
      }
      const done = granted(await operate(shell.config(), 'relay.rewind', { sink, from: Number(from) }));
      shell.result(done, () =>
        say(text(`${done.sink} goes on from ${done.next}.`, `${done.sink} continúa desde ${done.next}.`)),
      );
    });
}

const STATES = {
  waiting: text('waiting: another process runs it', 'en espera: lo lleva otro proceso'),
  connecting: text('connecting', 'conectando'),
  running: text('running', 'en marcha'),
  failed: text('failed; tried again', 'falló; se reintenta'),
  stopped: text('not run by this process', 'este proceso no lo lleva'),
} as const;

async function statusOf(shell: Shell) {
  const config = shell.config();
  if (config.role !== 'relay') return granted(await operate(config, 'relay.status', {}));
  const [{ readRelayStatus }, { statusView }] = await Promise.all([
    import('../../compose.ts'),
    import('../../operator/operations/relay.ts'),
  ]);
  return statusView(await readRelayStatus(config));
}
