import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import type { OperationResult } from '../../operator/operations.ts';
import { CANNOT_BE_UNDONE } from '../shell/cannot-be-undone.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { tellMade } from '../shell/tell-made.ts';
import { wholeNumber } from '../shell/whole-number.ts';

const STATUS = {
  active: text('active', 'activa'),
  retired: text('turns back only', 'solo revierte'),
  destroyed: text('destroyed', 'destruida'),
} as const;

/** `sello surrogates dataset …` */
export function defineDatasets(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const name = say(text('the dataset', 'el conjunto de datos'));

  command
    .command('create')
    .description(
      say(
        text(
          'make a dataset; its seed stays in the vault',
          'crear un conjunto; su semilla queda en el almacén',
        ),
      ),
    )
    .argument('<name>', name)
    .addHelpText('after', examples(shell, 'sello surrogates dataset create oncology-2026 --json'))
    .action(async (dataset: string) =>
      print(
        shell,
        granted(await operate(shell.config(), 'dataset.create', { name: dataset }, tellMade(shell))),
      ),
    );

  command
    .command('list')
    .description(say(text('list datasets and their versions', 'listar los conjuntos y sus versiones')))
    .addHelpText('after', examples(shell, 'sello surrogates dataset list'))
    .action(async () => {
      const list = granted(await operate(shell.config(), 'dataset.list', {}));
      shell.result(list, () =>
        table(
          [
            text('name', 'nombre'),
            text('version', 'versión'),
            text('state', 'estado'),
            text('created', 'creada'),
          ].map(say),
          list.datasets.flatMap(({ name, versions }) =>
            versions.map((each) => [name, `${each.version}`, say(STATUS[each.status]), each.created_at]),
          ),
        ),
      );
    });

  command
    .command('rotate')
    .description(
      say(
        text(
          'make a new version: surrogates are made with it from now on',
          'crear una versión nueva: desde ahora los subrogados se crean con ella',
        ),
      ),
    )
    .argument('<name>', name)
    .addHelpText('after', examples(shell, 'sello surrogates dataset rotate oncology-2026'))
    .action(async (dataset: string) =>
      print(shell, granted(await operate(shell.config(), 'dataset.rotate', { name: dataset }))),
    );

  command
    .command('destroy')
    .description(
      say(
        text(
          'destroy its keys for good: its surrogates can never be turned back again',
          'destruir sus claves para siempre: sus subrogados no podrán revertirse nunca',
        ),
      ),
    )
    .argument('<name>', name)
    .requiredOption('--yes', say(CANNOT_BE_UNDONE))
    .option('--dataset-version <n>', say(text('of this version alone', 'solo de esta versión')))
    .addHelpText(
      'after',
      examples(shell, 'sello surrogates dataset destroy oncology-2026 --dataset-version 1 --yes'),
    )
    .action(async (dataset: string, { datasetVersion }: { readonly datasetVersion?: string }) => {
      const chosen =
        datasetVersion === undefined
          ? {}
          : { version: wholeNumber(datasetVersion, '--dataset-version', 1, 511) };
      print(shell, granted(await operate(shell.config(), 'dataset.destroy', { name: dataset, ...chosen })));
    });
}

function print(shell: Shell, dataset: OperationResult<'dataset.create'>): void {
  shell.result(dataset, () =>
    dataset.versions.map(
      ({ version, status }) =>
        `${dataset.name} ${shell.say(text('version', 'versión'))} ${version}: ${shell.say(STATUS[status])}`,
    ),
  );
}
