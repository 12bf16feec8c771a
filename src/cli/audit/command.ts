import type { Command } from 'commander';
import type { Shell } from '../shell/shell.ts';
import { defineArchive } from './archive.ts';
import { defineExport } from './export.ts';
import { definePin } from './pin.ts';
import { defineVerify } from './verify.ts';

export function define(command: Command, shell: Shell): void {
  defineExport(command.command('export'), shell);
  defineArchive(command.command('archive'), shell);
  definePin(command.command('pin'), shell);
  defineVerify(command.command('verify'), shell);
}
