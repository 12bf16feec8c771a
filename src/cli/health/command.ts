import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { askServer } from '../../operator/client.ts';
import { isListening } from '../../operator/running-server.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';

/** For a supervisor: reports whether the process is alive. `/readyz` reports whether it can decide transactions. */
export function define(command: Command, shell: Shell): void {
  command
    .addHelpText('after', examples(shell, 'sello health', 'sello health --config /etc/sello/vault.yaml'))
    .action(async () => {
      const config = shell.config();
      const alive =
        config.role === 'vault'
          ? await isListening(config.vaultHost, config.vaultPort)
          : config.role === 'relay'
            ? await isListening(config.httpHost, config.httpPort)
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
