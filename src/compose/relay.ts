import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { PulsarAccess } from '../adapters/pulsar/admin-client.ts';
import type { Outbox } from '../application/relay/outbox.ts';
import { EventForm } from '../application/relay/outgoing-event.ts';
import { Relay } from '../application/relay/relay.ts';
import { SharedOutbox } from '../application/relay/shared-outbox.ts';
import { StoredPlaces } from '../application/relay/stored-places.ts';
import { readSecretFile } from '../config/secret-file.ts';
import type { Config } from '../config.ts';
import { LIMITS, type Limits } from '../limits.ts';
import type { Clock } from '../ports/clock.ts';
import { type EventSink, SinkFailure } from '../ports/event-sink.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';
import { logOrigin } from './log-origin.ts';

export interface RelayParts {
  readonly store: Pick<Store, 'leases' | 'sinks'>;
  readonly outbox: Pick<Outbox, 'readSealed' | 'sealedSize'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** For tests. */
  readonly limits?: Partial<Limits>;
}

/** Makes the relay, without its sinks. */
export function relayOf(config: Config, { store, outbox, clock, log, limits }: RelayParts): Relay {
  const { leases, sinks } = store;
  return new Relay({
    outbox: new SharedOutbox(outbox, limits?.sinkLookMs),
    places: new StoredPlaces({ leases, sinks, holder: `${hostname()}:${process.pid}` }),
    form: formOf(config),
    log,
    now: () => clock.now(),
    random: Math.random,
    limits: { ...LIMITS, ...limits },
  });
}

/** The form in which events leave. */
export function formOf(config: Config): EventForm {
  const { types, fieldsOmitted } = config.events;
  return new EventForm({ source: logOrigin(config), types, fieldsOmitted });
}

/** Adds the sinks that the configuration names. @throws StartRefused where one is not well formed */
export async function addConfiguredSinks(config: Config, relay: Relay): Promise<void> {
  for (const sink of await configuredSinks(config)) relay.add(sink);
}

/** The sinks that the configuration names. Imports on demand what each needs. @throws StartRefused where one is not well formed */
export async function configuredSinks(config: Config): Promise<readonly EventSink[]> {
  return [...(await pulsarSinks(config)), ...(await syslogSinks(config))];
}

async function syslogSinks(config: Config): Promise<readonly EventSink[]> {
  const { address, format, caFile, enterpriseNumber } = config.syslog;
  if (address === null) return [];
  const [{ SyslogSink }, { VERSION }] = await Promise.all([
    import('../adapters/syslog/sink.ts'),
    import('../wire/http/version.ts'),
  ]);
  const ca = async () => (caFile === null ? undefined : await textOf('syslog.ca_file', caFile));
  const message = { format, source: logOrigin(config), productVersion: VERSION, enterpriseNumber };
  return [new SyslogSink({ address, message, ca })];
}

async function pulsarSinks(config: Config): Promise<readonly EventSink[]> {
  const { serviceUrl, topic, tokenFile, caFile } = config.pulsar;
  if (serviceUrl === null) return [];
  const { PulsarSink } = await import('../adapters/pulsar/sink.ts');
  const access = async (): Promise<PulsarAccess> => ({
    token: tokenFile === null ? undefined : secretOf('pulsar.token_file', tokenFile),
    ca: caFile === null ? undefined : await textOf('pulsar.ca_file', caFile),
  });
  return [new PulsarSink({ serviceUrl, topic, log: logOrigin(config), access })];
}

/** @throws SinkFailure: the file may be there at the next attempt */
function secretOf(key: string, file: string): string {
  const secret = readSecretFile(file);
  if ('problem' in secret) throw new SinkFailure('misconfigured', `${key}: ${secret.problem}`);
  return secret.text;
}

async function textOf(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new SinkFailure('misconfigured', `${key}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
