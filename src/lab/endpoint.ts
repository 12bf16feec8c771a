import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../config.ts';
import { isLoopback, localAddressOf } from '../net/address.ts';
import { LabRefused } from './lab-error.ts';

/** Where the attacked server listens: an address, not a name, so that what was checked is what is connected to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The server speaks TLS, with the certificate of this SHA-256 fingerprint (as Node writes it) and no other. */
  readonly tls?: { readonly fingerprint: string };
}

const RESOLVE_TIME_MS = 5_000;

/**
 * The address of a host that the lab may attack.
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
 * The endpoint of a server that listens there with the certificate of its configuration, where it has one.
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
  /** Another address of this machine to come from. */
  readonly from?: string | undefined;
  readonly allowHalfOpen?: boolean;
}

const CONNECT_TIME_MS = 5_000;

/** @throws Error with Node's `code` where the connection cannot be made */
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
  // Pinned: a server on loopback rarely has a certificate that the system trusts.
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
