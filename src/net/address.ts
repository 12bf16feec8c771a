import { BlockList, isIP } from 'node:net';
import { StartRefused } from '../domain/errors.ts';

/**
 * Turns an IPv4-mapped address, as dual-stack sockets report it, into IPv4: `::ffff:192.0.2.1` is `192.0.2.1`.
 *
 * Why: docs/DECISIONS.md#shared-code-has-folders-of-its-own
 */
export function plainAddress(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4
    ? address.slice(7)
    : address;
}

/**
 * The key under which limits count a client: its IPv4 address, or the /64 network of its IPv6 address, because a site
 * that has one address of a /64 has all of them (RFC 6177 section 2).
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

/** The /24 of an IPv4 address, or the /48 of an IPv6 network, in the form of `clientNetwork`: what one site may have. */
export function networkPrefix(network: string): string {
  if (!network.includes(':')) return network.split('.').slice(0, 3).join('.');
  return network.split(':').slice(0, 3).join(':');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a host is this machine's loopback interface: `localhost`, 127.0.0.0/8 or `::1`, in any spelling and also as
 * an IPv4-mapped address. Does NOT resolve names: any other name is not loopback.
 */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** The address at which this machine reaches a server that listens on `host`: loopback for a wildcard address. */
export function localAddressOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** Whether a text is an IP address or a network in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3). */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32));
}

/** A set of addresses and CIDR networks. */
export class Networks {
  readonly #list = new BlockList();

  /** @throws StartRefused naming the first text that is neither an address nor a network */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** @param address in the form of `plainAddress` */
  includes(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    if (!isAddressBlock(network)) {
      throw new StartRefused(`"${network}" is no address and no network such as 10.0.0.0/8 or fd00::/8`);
    }
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    this.#list.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
}
