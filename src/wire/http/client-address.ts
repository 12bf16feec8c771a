import { isIP } from 'node:net';
import { type Networks, plainAddress } from '../../net/address.ts';

/**
 * The client's address, for limits and records: the peer, or, if that is a trusted proxy, the last address in
 * X-Forwarded-For that is not a trusted proxy's. Anyone may have written the addresses before it.
 */
export function clientAddress(
  peer: string,
  forwarded: string | string[] | undefined,
  trusted: Networks,
): string {
  let address = plainAddress(peer);
  if (forwarded === undefined || !trusted.includes(address)) return address;
  const hops = [forwarded].flat().join(',').split(',');
  for (let index = hops.length - 1; index >= 0 && trusted.includes(address); index--) {
    const hop = plainAddress((hops[index] ?? '').trim());
    if (isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}
