import type { Config } from '../../config.ts';
import { type Endpoint, endpointOf } from '../../lab/endpoint.ts';
import { LabRefused } from '../../lab/lab-error.ts';
import { recordedEntries } from '../../lab/recorded-entries.ts';
import type { Target } from '../../lab/target.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { parseHostAndPort } from '../../net/host-and-port.ts';
import { askServer } from '../../operator/client.ts';
import type { OperationName, OperationResult } from '../../operator/operations.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';

export interface OpenTarget {
  readonly target: Target;
  readonly close: () => Promise<void>;
}

/**
 * Opens the server of the configured data folder as a target. It must run, listen on loopback, and allow the lab.
 * @param address `host:port` to reach it at, when that is not where it listens
 * @throws CommandFailure
 */
export async function openTarget(config: Config, address: string | undefined): Promise<OpenTarget> {
  refuseForbidden(config);
  const status = await askServer(config, { command: 'status', arguments: {} });
  if (!status?.ok) throw noServer(config);
  const { addresses } = status.result as OperationResult<'status'>;
  const listening = addresses && 'tcp' in addresses ? addresses.tcp : `${config.tcpHost}:${config.tcpPort}`;
  const endpoint = await endpointAt(config, address ?? listening);
  const { openAuditReader } = await import('../../compose.ts');
  const journal = await openAuditReader(config);
  const target: Target = {
    endpoint,
    config,
    limits: LIMITS,
    operate: async <Name extends OperationName>(command: Name, given: unknown) => {
      const answer = await askServer(config, { command, arguments: given });
      if (!answer) throw Object.assign(new Error('no server answers any more'), { code: 'ECONNREFUSED' });
      return (answer.ok ? answer.result : answer) as OperationResult<Name>;
    },
    entriesOf: (username) => recordedEntries(journal, username),
  };
  return { target, close: () => journal.close() };
}

/** @throws CommandFailure when `lab_allowed` is false */
export function refuseForbidden(config: Config): void {
  if (config.labAllowed) return;
  throw new CommandFailure(
    EXIT.usage,
    'lab_not_allowed',
    text(
      'the lab is not allowed here: lab_allowed is false',
      'el laboratorio no está permitido aquí: lab_allowed es false',
    ),
    text(
      'Attack a server of your own, for example: sello demo',
      'Ataque un servidor propio, por ejemplo: sello demo',
    ),
  );
}

/**
 * The endpoint at `--target`, or where the server reports that it listens.
 * @throws CommandFailure when it is not `host:port` @throws LabRefused when it is not on loopback
 */
export async function endpointAt(config: Config, address: string): Promise<Endpoint> {
  const target = parseHostAndPort(address);
  if (target) return endpointOf(config, target);
  throw usageFailure(
    text(`--target expected host:port, not "${address}"`, `--target espera host:puerto, no "${address}"`),
  );
}

function noServer(config: Config): CommandFailure {
  return new CommandFailure(
    EXIT.unavailable,
    'server_not_running',
    text(
      `no server answers for the data folder ${config.dataDir}`,
      `ningún servidor responde para la carpeta de datos ${config.dataDir}`,
    ),
    text(
      'Start it (npm start), or name its folder: --data-dir D',
      'Arránquelo (npm start), o indique su carpeta: --data-dir D',
    ),
  );
}

/** A refusal of the lab as a command's failure: the attack was not tried, so it says nothing about the server. */
export function labFailure(error: unknown): unknown {
  if (!(error instanceof LabRefused)) return error;
  const { reason, message } = error;
  if (reason === 'not_loopback')
    return usageFailure(
      text(`the lab attacks loopback alone: ${message}`, `el laboratorio solo ataca loopback: ${message}`),
    );
  if (reason === 'host_unknown')
    return usageFailure(text(`no such host: ${message}`, `no existe ese host: ${message}`));
  const wrong =
    reason === 'certificate_other'
      ? text(
          `the server there has another certificate than tls_cert_file: ${message}`,
          `el servidor de ahí tiene otro certificado que tls_cert_file: ${message}`,
        )
      : text(`the attack could not be set up: ${message}`, `no se pudo preparar el ataque: ${message}`);
  return new CommandFailure(EXIT.unavailable, reason, wrong);
}
