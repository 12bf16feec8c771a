import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';
import { defineRulesCheck } from './rules-check.ts';
import { defineRun } from './run.ts';

/** `sello surrogates` */
export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  defineRun(command.command('run'), shell, false);
  defineRun(command.command('reverse'), shell, true);
  const rules = command
    .command('rules')
    .description(say(text('work on rules files', 'trabajar con ficheros de reglas')));
  defineRulesCheck(rules.command('check'), shell);
}
