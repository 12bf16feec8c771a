import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/**
 * Performs the server's side of the TLS handshake on a socket that nobody reads yet.
 * @returns undefined when it failed or took longer than `timeMs`; the socket is then destroyed
 */
export function acceptTls(
  socket: Socket,
  secureContext: SecureContext,
  timeMs: number,
): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    const timer = setTimeout(() => secure.destroy(), timeMs);
    secure.on('error', () => {});
    secure.once('secure', () => {
      clearTimeout(timer);
      resolve(secure);
    });
    secure.once('close', () => {
      clearTimeout(timer);
      // The raw socket does not close by itself when only the TLS socket is destroyed.
      socket.destroy();
      resolve(undefined);
    });
  });
}
