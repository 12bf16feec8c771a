import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Limits } from '../../limits.ts';
import { SinkFailure } from '../../ports/event-sink.ts';

export interface SyslogAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

export interface ConnectionOptions extends SyslogAddress {
  /** Authorities (PEM) instead of the system's. */
  readonly ca: string | undefined;
  readonly limits: Pick<Limits, 'syslogConnectTimeMs' | 'syslogStallTimeMs' | 'syslogCloseTimeMs'>;
}

/**
 * One connection to a log server. Syslog has no acknowledgement, and bytes that the kernel took may be lost with the server;
 * that the server answers the end of the stream by its own says that it has read everything before.
 */
export class SyslogConnection {
  readonly #socket: Socket;
  readonly #limits: ConnectionOptions['limits'];
  readonly #ended = Promise.withResolvers<void>();
  #failure: Error | undefined;

  /** @param onLost called once, when the connection ends without `finish` or `close` */
  private constructor(
    socket: Socket,
    limits: ConnectionOptions['limits'],
    onLost: (error: SinkFailure) => void,
  ) {
    this.#socket = socket;
    this.#limits = limits;
    this.#ended.promise.catch(() => undefined);
    socket.setKeepAlive(true, 30_000);
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    // A log server says nothing; whatever it does say is dropped, so that its end is noticed.
    socket.on('data', () => undefined);
    socket.on('close', () => {
      const isOrderly = this.#failure === undefined && socket.readableEnded && socket.writableFinished;
      if (isOrderly) this.#ended.resolve();
      else {
        const failure = new SinkFailure(
          'unreachable',
          `the log server ended the connection: ${this.#failure?.message ?? 'without an error'}`,
        );
        this.#ended.reject(failure);
        if (!this.#isClosing) onLost(failure);
      }
    });
    // The server ends first: what it has not read is lost.
    socket.on('end', () => {
      if (!socket.writableEnded) socket.destroy(new Error('it closed'));
    });
  }

  #isClosing = false;

  /** @throws SinkFailure */
  static open(options: ConnectionOptions, onLost: (error: SinkFailure) => void): Promise<SyslogConnection> {
    const { host, port, secure, ca, limits } = options;
    const { promise, resolve, reject } = Promise.withResolvers<SyslogConnection>();
    const socket = secure
      ? connectTls({
          ...{ host, port, minVersion: 'TLSv1.2', ALPNProtocols: [] },
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(ca === undefined ? {} : { ca }),
        })
      : connectPlain({ host, port });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${limits.syslogConnectTimeMs} ms`)),
      limits.syslogConnectTimeMs,
    );
    const refused = (error: Error & { readonly code?: string }) => {
      clearTimeout(timer);
      const isTls = secure && /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|ERR_SSL|ERR_TLS/.test(error.code ?? '');
      reject(new SinkFailure(isTls ? 'misconfigured' : 'unreachable', `${host}:${port}: ${error.message}`));
    };
    socket.once('error', refused);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', refused);
      resolve(new SyslogConnection(socket, limits, onLost));
    });
    return promise;
  }

  /** Resolves when more may be written. @throws SinkFailure where the server takes nothing for `syslogStallTimeMs` */
  async write(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed)
      throw new SinkFailure('unreachable', 'the connection to the log server ended');
    if (this.#socket.write(bytes)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new SinkFailure('slow', 'the log server has stopped reading')),
      this.#limits.syslogStallTimeMs,
    );
    const closed = () => reject(new SinkFailure('unreachable', 'the connection to the log server ended'));
    this.#socket.once('drain', resolve);
    this.#socket.once('close', closed);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#socket.removeListener('drain', resolve);
      this.#socket.removeListener('close', closed);
    }
  }

  /** Ends the stream, and resolves when the server has read all of it. @throws SinkFailure */
  async finish(): Promise<void> {
    this.#isClosing = true;
    const timer = setTimeout(
      () => this.#socket.destroy(new Error('it does not end its side')),
      this.#limits.syslogCloseTimeMs,
    );
    this.#socket.end();
    try {
      await this.#ended.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }
}
