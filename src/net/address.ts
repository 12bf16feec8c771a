import { BlockList, isIP } from 'node:net';
import { StartRefused } from '../domain/errors.ts';

/** An IPv4 client of a dual-stack socket is the same client: `::ffff:192.0.2.1` is `192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4
    ? address.slice(7)
    : address;
}

/**
 * By what limits know a client: an IPv4 address, or the /64 network of an IPv6 one, because whoever has one address
 * of a /64 has all (RFC 6177 section 2).
 */
export function clientNetwork(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = (plain.split('%', 1)[0] ?? '').split('::');
  const start = head === '' ? [] : head.split(':');
  const end = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined
      ? start
      : [...start, ...Array(Math.max(0, 8 - start.length - end.length)).fill('0'), ...end];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    (isIP(plainAddress(host)) === 4 && plainAddress(host).startsWith('127.'))
  );
}

/** A list of addresses and CIDR networks. */
export class Networks {
  readonly #list = new BlockList();

  /** @throws StartRefused naming the one that is neither */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** `address` in plain form (`plainAddress`). */
  includes(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const [address = '', prefix, ...rest] = network.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : Number(prefix);
    if (
      family === 0 ||
      rest.length > 0 ||
      !/^\d{0,3}$/.test(prefix ?? '') ||
      prefix === '' ||
      length > bits
    ) {
      throw new StartRefused(`"${network}" is no address and no network such as 10.0.0.0/8 or fd00::/8`);
    }
    this.#list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
}
