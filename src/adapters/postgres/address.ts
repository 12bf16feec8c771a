import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { StartRefused } from '../../domain/errors.ts';
import { isLoopback } from '../../net/address.ts';

/** One of the database servers that `store_url` names. */
export interface Host {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

/** A database's servers, its name, and the user to connect as. Holds the password, so it is never logged whole. */
export interface DatabaseAddress {
  readonly hosts: readonly Host[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** The TLS options for a host, with the name that its certificate must have. `undefined`: no TLS. */
  readonly tls: ((host: Host) => ConnectionOptions) | undefined;
}

const PORT = 5432;
const FORM = 'postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE?sslmode=…';
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const PARAMETERS = new Set(['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']);
const MODES = new Set(['disable', 'require', 'verify-ca', 'verify-full']);

/**
 * Reads a URL of libpq's form (PostgreSQL documentation, section 34.1.1.2), with several hosts. `?host=/folder` names
 * a Unix socket. `sslmode` defaults to `verify-full` unless every host is on this machine, so that the password is not
 * sent to an unverified server.
 * @throws StartRefused; its message does not quote the URL, which holds a password
 *
 * Why: docs/DECISIONS.md#remote-databases-are-verified
 */
export function readAddress(url: string, key = 'store_url'): DatabaseAddress {
  const wrong = (what: string) => new StartRefused(`${key}: ${what}; expected ${FORM}`);
  // Unescaped, such a character ends the password early: the rest of it would be looked up as a host.
  const [, ...afterAt] = url.split('@');
  if (afterAt.length > 1 || /[/?].*@/.test(url.slice(url.indexOf('://') + 3)))
    throw wrong('write @ as %40, / as %2F, ? as %3F and : as %3A within user, password and parameters');
  const match = SHAPE.exec(url);
  if (!match) throw wrong('not an address of PostgreSQL');
  const decode = (text: string | undefined) => {
    try {
      return text === undefined ? undefined : decodeURIComponent(text);
    } catch {
      throw wrong('a % that is followed by no two hexadecimal digits');
    }
  };
  const [user, password, database] = [match[1], match[2], match[4]].map(decode);
  const parameters = new URLSearchParams(match[5] ?? '');
  for (const name of parameters.keys()) {
    if (!PARAMETERS.has(name))
      throw wrong(`a parameter is not known; known are ${[...PARAMETERS].join(', ')}`);
  }
  if (!user) throw wrong('no user is named');
  if (!database) throw wrong('no database is named');
  const socket = parameters.get('host');
  const listed = (match[3] ?? '').split(',').map((text) => readHost(decode(text) ?? '', wrong));
  const hosts = socket === null ? listed : listed.map(({ port }) => ({ host: socket, port }));
  const mode = parameters.get('sslmode') ?? (hosts.every(isHere) ? 'disable' : 'verify-full');
  if (!MODES.has(mode)) throw wrong(`sslmode is one of ${[...MODES].join(', ')}`);
  return {
    hosts,
    user,
    password,
    database,
    tls: mode === 'disable' ? undefined : tlsOf(mode, parameters, key),
  };
}

function readHost(text: string, wrong: (what: string) => StartRefused): Host {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\p{L}\p{N}._-]*|\/[^:]*))(?::(\d{1,5}))?$/u.exec(text);
  if (!match) throw wrong('a host is not HOST:PORT');
  const port = match[3] === undefined ? PORT : Number(match[3]);
  if (port < 1 || port > 65_535) throw wrong('a port is not between 1 and 65535');
  return { host: match[1] ?? (match[2] || 'localhost'), port };
}

/** Whether the host is on this machine: a Unix socket or loopback, where no network can be tapped. */
function isHere({ host }: Host): boolean {
  return host.startsWith('/') || isLoopback(host);
}

function tlsOf(mode: string, parameters: URLSearchParams, key: string): (host: Host) => ConnectionOptions {
  const file = (name: string) => {
    const path = parameters.get(name);
    if (path === null) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new StartRefused(`${key}: ${name} ${path} cannot be read: ${(error as Error).message}`);
    }
  };
  const [ca, cert, privateKey] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  return ({ host }) => ({
    minVersion: 'TLSv1.2',
    rejectUnauthorized: mode !== 'require',
    ...(isIPv4(host) || isIPv6(host) ? {} : { servername: host }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(privateKey ? { key: privateKey } : {}),
  });
}

/** `host:port`, for logs and messages. */
export function hostText({ host, port }: Host): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The database's address without secrets, for logs and messages. */
export function addressText({ hosts, user, database }: DatabaseAddress): string {
  return `postgres://${user}@${hosts.map(hostText).join(',')}/${database}`;
}
