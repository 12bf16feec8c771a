import type { FastifyRequest } from 'fastify';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import type { Caller } from './caller.ts';
import { clientAddress } from './client-address.ts';

/** What is known of a request before its route is found, and what its admission adds. */
export interface RequestContext {
  /** ms of `performance.now()` */
  readonly startedAt: number;
  /** The client's address: the peer's, or the one that a trusted proxy reports. */
  readonly client: string;
  /** The key under which limits count the client (`clientNetwork`). */
  readonly address: string;
  /** Whether the client's connection is encrypted, as far as this server or a trusted proxy knows. */
  readonly secure: boolean;
  /** The path as sent, without its query. */
  readonly path: string;
  caller: Caller | undefined;
  idempotencyKey: string | undefined;
  /** Of a request whose signature was verified: its Signature field. Its body must have the digest that was signed. */
  signature: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    requestContext: RequestContext;
  }
}

/** @param trusted the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed */
export function makeRequestContext(
  { headers, socket, raw }: FastifyRequest,
  trusted: Networks,
): RequestContext {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const client = clientAddress(peer, headers['x-forwarded-for'], trusted);
  const url = raw.url ?? '';
  const query = url.indexOf('?');
  return {
    startedAt: performance.now(),
    client,
    address: clientNetwork(client),
    secure: 'encrypted' in socket || (headers['x-forwarded-proto'] === 'https' && trusted.includes(peer)),
    path: query < 0 ? url : url.slice(0, query),
    caller: undefined,
    idempotencyKey: undefined,
    signature: undefined,
  };
}
