import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Finds the addresses of a host. @throws when the name has none, or no server answers */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Asks the DNS servers of the system by sockets. `dns.lookup` would take one of the four threads that also hash passwords,
 * for as long as a name server chooses. `/etc/hosts` is therefore not read; `localhost` is loopback (RFC 6761 section 6.3).
 * @param servers instead of the system's, for tests
 *
 * Why: docs/DECISIONS.md#webhooks-resolve-names-by-sockets
 */
export function dnsResolver(timeoutMs: number, servers?: readonly string[]): Resolve {
  const resolver = new Resolver({ timeout: Math.max(100, Math.floor(timeoutMs / 2)), tries: 2 });
  if (servers) resolver.setServers(servers);
  return async (host) => {
    const name = host.replace(/\.$/, '').toLowerCase();
    if (isIP(name) !== 0) return [name];
    if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'];
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const addresses = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length > 0) return addresses;
    const failed = found.find((answer) => answer.status === 'rejected');
    throw failed?.reason ?? new Error(`${name} has no address`);
  };
}
