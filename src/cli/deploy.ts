import type { Command } from 'commander';
import { defineCompose } from './deploy/compose-command.ts';
import { defineHaproxy } from './deploy/haproxy-command.ts';
import { defineSystemd } from './deploy/systemd-command.ts';
import type { Shell } from './shell.ts';

export function define(command: Command, shell: Shell): void {
  defineHaproxy(command.command('haproxy'), shell);
  defineSystemd(command.command('systemd'), shell);
  defineCompose(command.command('compose'), shell);
}
