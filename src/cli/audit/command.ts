import type { Command } from 'commander';
import type { Shell } from '../shell/shell.ts';
import { defineExport } from './export.ts';
import { defineVerify } from './verify.ts';

export function define(command: Command, shell: Shell): void {
  defineExport(command.command('export'), shell);
  defineVerify(command.command('verify'), shell);
}
