import { isIP } from 'node:net';
import { text } from '../../../language/text.ts';
import { usageFailure } from '../../shell/failure.ts';

/** The address of one server, for the balancer. */
export interface ServerAddress {
  readonly name: string;
  /** An IPv6 address in brackets. */
  readonly host: string;
  readonly tcpPort: number;
  readonly httpPort: number;
}

const FORM = /^([A-Za-z0-9_.-]{1,64})=(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253}):(\d{1,5})\/(\d{1,5})$/;

/** Parses `NAME=HOST:TCPPORT/HTTPPORT`. Does NOT check that anything listens there. @throws CommandFailure */
export function serverAddress(given: string): ServerAddress {
  const [, name = '', host = '', tcpPort = '', httpPort = ''] = FORM.exec(given) ?? [];
  const bracketed = host.startsWith('[') && isIP(host.slice(1, -1)) !== 6;
  if (name === '' || bracketed || !isPort(tcpPort) || !isPort(httpPort)) {
    throw usageFailure(
      text(
        `--server ${given}: expected NAME=HOST:TCPPORT/HTTPPORT, such as a=10.0.0.1:11002/8080`,
        `--server ${given}: se espera NOMBRE=EQUIPO:PUERTOTCP/PUERTOHTTP, como a=10.0.0.1:11002/8080`,
      ),
    );
  }
  return { name, host, tcpPort: Number(tcpPort), httpPort: Number(httpPort) };
}

function isPort(digits: string): boolean {
  const port = Number(digits);
  return port >= 1 && port <= 65_535;
}
