import { connect } from 'node:net';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { localAddressOf } from '../../net/address.ts';
import { askServer } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';

/** For a supervisor: whether the process lives. Whether it can decide now, `/readyz` tells. */
export function define(command: Command, shell: Shell): void {
  command
    .addHelpText('after', examples(shell, 'sello health', 'sello health --config /etc/sello/vault.yaml'))
    .action(async () => {
      const config = shell.config();
      const alive =
        config.role === 'vault'
          ? await accepts(config.vaultHost, config.vaultPort)
          : (await askServer(config, { command: 'status', arguments: {} }))?.ok === true;
      if (!alive) {
        throw new CommandFailure(
          EXIT.unavailable,
          'not_alive',
          text('no server answers here', 'aquí no responde ningún servidor'),
        );
      }
      shell.result({ alive }, () => shell.say(text('it answers', 'responde')));
    });
}

/** Whether a listener takes a connection there. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: localAddressOf(host), port });
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(LIMITS.readinessTimeMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
