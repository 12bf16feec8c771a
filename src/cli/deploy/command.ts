import type { Command } from 'commander';
import type { Shell } from '../shell/shell.ts';
import { defineCompose } from './compose/command.ts';
import { defineHaproxy } from './haproxy/command.ts';
import { defineSystemd } from './systemd/command.ts';

export function define(command: Command, shell: Shell): void {
  defineHaproxy(command.command('haproxy'), shell);
  defineSystemd(command.command('systemd'), shell);
  defineCompose(command.command('compose'), shell);
}
