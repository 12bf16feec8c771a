import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { defineDatasets } from './dataset.ts';
import { defineRulesCheck } from './rules-check.ts';
import { defineRun } from './run.ts';

/** `sello surrogates` */
export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  defineRun(command.command('run'), shell, false);
  defineRun(command.command('reverse'), shell, true);
  defineDatasets(
    command
      .command('dataset')
      .description(
        say(
          text(
            'make datasets, give them new versions, destroy their keys',
            'crear conjuntos de datos, darles versiones nuevas, destruir sus claves',
          ),
        ),
      ),
    shell,
  );
  const rules = command
    .command('rules')
    .description(say(text('work on rules files', 'trabajar con ficheros de reglas')));
  defineRulesCheck(rules.command('check'), shell);
}
