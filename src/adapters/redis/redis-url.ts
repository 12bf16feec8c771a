import { isIP } from 'node:net';
import type { RedisClientOptions } from '@redis/client';
import { StartRefused } from '../../domain/errors.ts';

const PORT = 6_379;

/**
 * Converts `redis[s]://[[user][:password]@]host[:port][/database]` (the IANA registrations of redis and rediss) to the
 * client's options. Does NOT connect.
 * @param ca the certificate authority (PEM) of the server's certificate, if not one of the system's
 * @throws StartRefused for any other address; its text never contains the address, which may hold a password
 */
export function redisOptions(address: string, ca: string | undefined): RedisClientOptions {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const database = url?.pathname.replace(/^\//, '') ?? '';
  if (
    !url ||
    (url.protocol !== 'redis:' && url.protocol !== 'rediss:') ||
    url.hostname === '' ||
    !/^\d{0,4}$/.test(database) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new StartRefused(
      'rate_limit_url expected memory:, redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or rediss://… (TLS); its value is not shown, for it may hold a password',
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? PORT : Number(url.port);
  const tls = url.protocol === 'rediss:';
  return {
    socket: tls
      ? {
          host,
          port,
          tls: true,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(ca === undefined ? {} : { ca }),
        }
      : { host, port },
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(database === '' ? {} : { database: Number(database) }),
  };
}
