import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { StartRefused } from '../domain/errors.ts';

/** Files in PEM. The certificate's file holds its chain too. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase?: string;
}

/** The server's certificate and key. Connections already made keep those that they were made with. */
export class TlsCredentials {
  readonly #files: TlsFiles;
  #context: SecureContext;

  private constructor(files: TlsFiles, context: SecureContext) {
    this.#files = files;
    this.#context = context;
  }

  /** @throws StartRefused when a file cannot be read, or holds no certificate or key, or they do not fit together */
  static async load(files: TlsFiles): Promise<TlsCredentials> {
    try {
      return new TlsCredentials(files, await readContext(files));
    } catch (error) {
      throw new StartRefused(`no TLS with ${files.certFile} and ${files.keyFile}: ${reason(error)}`);
    }
  }

  /** Reads the files again. @returns why the old ones are kept, or undefined when the new ones are in use */
  async reload(): Promise<string | undefined> {
    try {
      this.#context = await readContext(this.#files);
      return undefined;
    } catch (error) {
      return reason(error);
    }
  }

  /**
   * The handshake, as the server, on a socket that nobody reads yet.
   * @returns undefined when it failed or took too long: the socket is destroyed
   */
  accept(socket: Socket, handshakeTimeMs: number): Promise<TLSSocket | undefined> {
    return new Promise((resolve) => {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: this.#context,
      });
      const timer = setTimeout(() => secure.destroy(), handshakeTimeMs);
      secure.on('error', () => {});
      secure.once('secure', () => {
        clearTimeout(timer);
        resolve(secure);
      });
      secure.once('close', () => {
        clearTimeout(timer);
        // A raw socket that closes alone would otherwise stay.
        socket.destroy();
        resolve(undefined);
      });
    });
  }
}

async function readContext({ certFile, keyFile, passphrase }: TlsFiles): Promise<SecureContext> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return createSecureContext({
    cert,
    key,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
