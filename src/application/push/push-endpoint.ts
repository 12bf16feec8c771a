import { LIMITS } from '../../limits.ts';
import type { CalledAddresses } from '../../ports/called-addresses.ts';

/**
 * Reads the endpoint of a subscription, which a browser, and so anybody who has a session, names: on a host of a push service
 * that the configuration lists, over HTTPS, without user information or fragment. Where the name leads is judged at each call.
 * @param hosts - names, or `*.` and a name for what is below it
 * @returns undefined where nothing may be sent there
 */
export function readPushEndpoint(
  text: string,
  hosts: readonly string[],
  addresses: CalledAddresses,
): string | undefined {
  if (text.length > LIMITS.pushEndpointLengthMax || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { protocol, username, password, hash, hostname } = url;
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  if (username !== '' || password !== '' || hash !== '') return undefined;
  const listed = hosts.some((host) =>
    host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host,
  );
  return listed && addresses.mayCall(url) ? url.href : undefined;
}
