import { type Command, Option } from 'commander';
import { text } from '../../../language/text.ts';
import { LIMITS } from '../../../limits.ts';
import { examples } from '../../shell/examples.ts';
import { usageFailure } from '../../shell/failure.ts';
import type { Shell } from '../../shell/shell.ts';
import { writeOrPrint } from '../deployment-file.ts';
import { haproxyConfiguration } from './configuration.ts';
import { TLS_MODES, type TlsMode } from './options.ts';
import { type ServerAddress, serverAddress } from './server-address.ts';

interface HaproxyFlags {
  readonly server: readonly ServerAddress[];
  readonly tls: TlsMode;
  readonly tcpBind: string;
  readonly httpBind: string;
  readonly certificate: string;
  readonly serverCa: string;
  readonly serverName?: string;
  readonly stick: 'none' | 'address';
  readonly statsSocket: string;
  readonly metricsBind: string;
  readonly connections: string;
  readonly container?: true;
  readonly out?: string;
}

export function defineHaproxy(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'the configuration of HAProxy before several servers: PROXY v2, health checks, fail-over',
          'la configuración de HAProxy ante varios servidores: PROXY v2, comprobaciones, conmutación',
        ),
      ),
    )
    .requiredOption(
      '--server <name=host:tcp/http>',
      say(text('a server; once for each', 'un servidor; una vez por cada uno')),
      (given: string, before: readonly ServerAddress[] = []) => [...before, serverAddress(given)],
    )
    .addOption(
      new Option('--tls <mode>', say(text('who ends TLS', 'quién termina TLS')))
        .choices(TLS_MODES)
        .default('re-encrypt'),
    )
    .option('--tcp-bind <address:port>', say(text('listens for TCP', 'escucha TCP')), '*:11002')
    .option('--http-bind <address:port>', say(text('listens for HTTP', 'escucha HTTP')), '*:443')
    .option(
      '--certificate <file>',
      say(
        text(
          'certificate and key (PEM) of what is ended here',
          'certificado y clave (PEM) de lo que acaba aquí',
        ),
      ),
      '/etc/haproxy/sello.pem',
    )
    .option(
      '--server-ca <file>',
      say(
        text(
          "who signed the servers' certificates (PEM)",
          'quién firmó los certificados de los servidores (PEM)',
        ),
      ),
      '/etc/haproxy/sello-ca.pem',
    )
    .option(
      '--server-name <name>',
      say(text('the name in those certificates', 'el nombre de esos certificados')),
    )
    .addOption(
      new Option(
        '--stick <by>',
        say(text("keep a client's address on one server", 'mantener cada dirección en un servidor')),
      )
        .choices(['none', 'address'])
        .default('none'),
    )
    .option(
      '--stats-socket <path>',
      say(text('the socket for drain and maintenance', 'el socket para vaciar y mantener')),
      '/run/haproxy/admin.sock',
    )
    .option(
      '--metrics-bind <address:port>',
      say(text('metrics for Prometheus; none: nowhere', 'métricas para Prometheus; none: en ninguna parte')),
      '127.0.0.1:8405',
    )
    .option(
      '--connections <count>',
      say(text('of each server and protocol, at most', 'de cada servidor y protocolo, como mucho')),
      `${LIMITS.connectionsMax}`,
    )
    .option(
      '--container',
      say(
        text(
          'for a container: no change of user, log on stdout',
          'para un contenedor: sin cambio de usuario, registro en stdout',
        ),
      ),
    )
    .option('--out <file>', say(text('write it there', 'escribirlo ahí')))
    .addHelpText(
      'after',
      examples(
        shell,
        'sello deploy haproxy --server a=10.0.0.1:11002/8443 --server b=10.0.0.2:11002/8443 --out /etc/haproxy/haproxy.cfg',
        'sello deploy haproxy --server a=127.0.0.1:11002/8080 --tls off --http-bind 127.0.0.1:8000',
      ),
    )
    .action(async (flags: HaproxyFlags) => {
      const names = flags.server.map(({ name }) => name);
      if (new Set(names).size < names.length) {
        throw usageFailure(
          text('--server: each needs a name of its own', '--server: cada uno necesita un nombre propio'),
        );
      }
      for (const given of [
        flags.tcpBind,
        flags.httpBind,
        flags.certificate,
        flags.serverCa,
        flags.serverName ?? 'x',
        flags.statsSocket,
        flags.metricsBind,
      ]) {
        if (!/^[\w.:*/[\]@-]+$/.test(given)) {
          throw usageFailure(
            text(
              `"${given}" has characters that HAProxy reads as its own`,
              `"${given}" tiene caracteres que HAProxy lee como suyos`,
            ),
          );
        }
      }
      if (!/^[1-9]\d{0,5}$/.test(flags.connections)) {
        throw usageFailure(
          text('--connections expected a whole number', '--connections espera un número entero'),
        );
      }
      const content = haproxyConfiguration({
        ...flags,
        servers: flags.server,
        serverName: flags.serverName,
        stick: flags.stick === 'address',
        metricsBind: flags.metricsBind === 'none' ? undefined : flags.metricsBind,
        connectionsMax: Number(flags.connections),
        container: flags.container === true,
      });
      await writeOrPrint(
        shell,
        [{ name: 'haproxy.cfg', content }],
        flags.out === undefined ? undefined : { file: flags.out },
      );
    });
}
