import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../config.ts';
import { isLoopback, localAddressOf } from '../net/address.ts';
import { LabRefused } from './lab-error.ts';

/** The address of the attacked server. Not a name, so that the lab connects to the address it has checked. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The server speaks TLS, with exactly the certificate of this SHA-256 fingerprint (in Node's form). */
  readonly tls?: { readonly fingerprint: string };
}

const RESOLVE_TIME_MS = 5_000;

/**
 * Resolves a host that the lab may attack.
 * @throws LabRefused when the name is unknown, or any of its addresses is not loopback
 */
export async function loopbackAddress(host: string): Promise<string> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer')), RESOLVE_TIME_MS).unref();
  });
  let addresses: readonly { readonly address: string }[];
  try {
    addresses = await Promise.race([
      lookup(localAddressOf(host), { all: true, order: 'ipv4first' }),
      timeout,
    ]);
  } catch (error) {
    throw new LabRefused('host_unknown', `${host}: ${(error as Error).message}`);
  }
  const elsewhere = addresses.find(({ address }) => !isLoopback(address));
  const [first] = addresses;
  if (!first || elsewhere) throw new LabRefused('not_loopback', `${host} is ${elsewhere?.address ?? '?'}`);
  return first.address;
}

/**
 * The endpoint of a server at that host and port, with the certificate of its configuration when it has one.
 * @throws LabRefused as `loopbackAddress` does
 */
export async function endpointOf(
  { tlsCertFile }: Config,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Endpoint> {
  const address = { host: await loopbackAddress(host), port };
  if (tlsCertFile === null) return address;
  const { fingerprint256: fingerprint } = new X509Certificate(readFileSync(tlsCertFile));
  return { ...address, tls: { fingerprint } };
}

export interface SocketOptions {
  /** The local address to connect from. */
  readonly from?: string | undefined;
  readonly allowHalfOpen?: boolean;
}

const CONNECT_TIME_MS = 5_000;

/** Connects, and checks the certificate. @throws Error with Node's `code` when the connection fails */
export async function openSocket(endpoint: Endpoint, options: SocketOptions = {}): Promise<Socket> {
  const { host, port, tls } = endpoint;
  const { from, allowHalfOpen = false } = options;
  const plain = connectTcp({
    host,
    port,
    noDelay: true,
    allowHalfOpen,
    ...(from === undefined ? {} : { localAddress: from }),
  });
  // The fingerprint is checked below instead: a server on loopback rarely has a certificate that the system trusts.
  const socket = tls ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      plain.destroy();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
      CONNECT_TIME_MS,
    );
    plain.once('error', fail);
    if (tls) socket.once('error', fail);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      plain.removeListener('error', fail);
      if (tls) socket.removeListener('error', fail);
      resolve();
    });
  });
  plain.on('error', () => {});
  socket.on('error', () => {});
  if (tls && 'getPeerX509Certificate' in socket) {
    const certificate = (socket as import('node:tls').TLSSocket).getPeerX509Certificate();
    if (certificate?.fingerprint256 !== tls.fingerprint) {
      socket.destroy();
      throw new LabRefused('certificate_other', `${host} port ${port}`);
    }
  }
  return socket;
}
