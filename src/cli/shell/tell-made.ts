import { text } from '../../language/text.ts';
import type { Shell } from './shell.ts';

/** Tells on stderr, also with `--json`, that a command made a new server's files because its folder had none. */
export function tellMade(shell: Shell): (paths: readonly string[]) => void {
  return (paths) => {
    const title = text(
      'There was no server in this folder yet. Made for a new one:',
      'En esta carpeta aún no había un servidor. Creado para uno nuevo:',
    );
    process.stderr.write([shell.say(title), ...paths.map((path) => `  ${path}`), ''].join('\n'));
  };
}
