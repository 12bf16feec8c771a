/** An address and a port, as Node reports where a server listens (`server.address()`). */
export interface HostAndPort {
  readonly address: string;
  readonly port: number;
}

/** `127.0.0.1:8080`, `[::1]:8080` */
export function formatHostAndPort({ address, port }: HostAndPort): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Reads `HOST:PORT`, with an IPv6 address in brackets, which may name a zone (`[fe80::1%eth0]:8080`). Does NOT check that the host exists.
 * @returns `undefined` for any other text and for a port that is not 1 to 65535
 */
export function parseHostAndPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
