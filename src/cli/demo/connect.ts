import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { runClient } from '../../demo/client.ts';
import { Tour } from '../../demo/tour.ts';
import { text } from '../../language/text.ts';
import { parseHostAndPort } from '../../net/host-and-port.ts';
import { askServer } from '../../operator/client.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';

export interface ConnectOptions {
  readonly connect?: string;
  readonly url?: string;
  readonly ca?: string;
  readonly serverName: string;
}

/** `sello demo --connect`: a client of a running server. Where registration is closed, the operator makes the account. */
export async function connectTo(shell: Shell, options: ConnectOptions): Promise<void> {
  const endpoint = parseHostAndPort(options.connect ?? '');
  if (!endpoint || options.url === undefined || !URL.canParse(options.url)) {
    throw usageFailure(
      text(
        '--connect expected host:port, and --url beside it',
        '--connect espera host:puerto, y --url a su lado',
      ),
    );
  }
  const config = shell.config();
  const ca = options.ca === undefined ? undefined : readFileSync(options.ca, 'utf8');
  // `fetch` takes no authority of its own.
  if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), ca]);
  const tour = new Tour(shell.language, (line) => process.stdout.write(line), false);
  const ok = await runClient(tour, {
    host: endpoint.host,
    port: endpoint.port,
    url: options.url.replace(/\/$/, ''),
    tls: ca === undefined ? undefined : { ca, serverName: options.serverName },
    currency: config.currencyDefault,
    admit: async (username, password) => {
      const made = await askServer(config, {
        command: 'user.create',
        arguments: { username, password, role: 'user' },
      });
      if (made?.ok) return;
      throw new CommandFailure(
        EXIT.refused,
        'registration_closed',
        text(
          'registration is closed there, and no operator answers in this data folder',
          'allí el registro está cerrado, y ningún operador responde en esta carpeta de datos',
        ),
        text('Name its data folder: --data-dir D', 'Indique su carpeta de datos: --data-dir D'),
      );
    },
  });
  if (!ok) shell.exitCode = EXIT.refused;
}
