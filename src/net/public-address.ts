import { BlockList, isIP } from 'node:net';
import { isLoopback, Networks, plainAddress } from './address.ts';

/**
 * IPv4 that is not globally reachable (IANA's special-purpose registry, RFC 6890), multicast and reserved space, and
 * 168.63.129.16, at which Azure answers its machines' agents.
 */
const IPV4_REFUSED = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['168.63.129.16', 32],
] as const;

/**
 * Within 2000::/3, which is all of IPv6 that is global unicast: protocol assignments with Teredo, documentation, 6to4.
 * Outside of it lie loopback, link-local, unique-local, multicast, IPv4-mapped addresses and NAT64 (64:ff9b::/96).
 */
const IPV6_REFUSED = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const refused = new BlockList();
for (const [address, prefix] of IPV4_REFUSED) refused.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of IPV6_REFUSED) refused.addSubnet(address, prefix, 'ipv6');
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');

/**
 * Whether an address is one of the public internet, so that a request there cannot reach what only this machine or its
 * network can. False for what is no address, and for IPv4 inside of IPv6 in any form.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return unicast.check(address, 'ipv6') && !refused.check(address, 'ipv6');
}

/** Which addresses a request that somebody else names may go to: public ones, and those allowed by name. */
export class ReachableAddresses {
  readonly #allowed: Networks;
  readonly #anyAllowed: boolean;

  /** @param allowed addresses and networks that are not public @throws StartRefused naming the first that is neither */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Networks(allowed);
    this.#anyAllowed = allowed.length > 0;
  }

  mayCall({ protocol, hostname }: URL): boolean {
    const host = hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) !== 0 ? [host] : isLoopback(host) ? ['127.0.0.1', '::1'] : [];
    const isPlain = protocol === 'http:';
    if (addresses.length === 0) return !isPlain || this.#anyAllowed;
    return addresses.some((address) => (isPlain ? this.isNamed(address) : this.permits(address)));
  }

  permits(address: string): boolean {
    return isPublicAddress(address) || this.isNamed(address);
  }

  /** Whether the address is permitted by name, so that a request without TLS may go there. */
  isNamed(address: string): boolean {
    return this.#allowed.includes(plainAddress(address));
  }
}
