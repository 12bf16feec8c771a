import { connect, type TLSSocket } from 'node:tls';
import { VaultUnavailable } from '../../domain/errors.ts';
import type { MutualTlsCredentials } from '../../net/tls.ts';
import { ByteReader, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS } from '../../vault-protocol/calls.ts';
import { encodeFrame, type Frame, FrameReader, VAULT_PROTOCOL } from '../../vault-protocol/frames.ts';
import { readWelcome, type VaultWelcome } from '../../vault-protocol/welcome.ts';
import type { RemoteVaultLimits } from './options.ts';
import { NotConnected, notConnected, reasonOf } from './reason.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: MutualTlsCredentials;
  readonly limits: RemoteVaultLimits;
}

interface Pending {
  readonly bytes: number;
  /** When the call was made, in ticks of the connection. */
  readonly since: number;
  resolve(frame: Frame): void;
  reject(error: VaultUnavailable): void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: string;
  /** Whether it ended because an answer that was due did not come. */
  readonly hung: boolean;
}

const TICK_MS = 100;
const KEEP_ALIVE_MS = 10_000;

/** One connection to the vault's process, which has admitted this server. */
export class RemoteConnection {
  readonly welcome: VaultWelcome;
  readonly ended: Promise<ConnectionEnd>;
  readonly #socket: TLSSocket;
  readonly #limits: RemoteVaultLimits;
  readonly #pending = new Map<number, Pending>();
  readonly #ended = Promise.withResolvers<ConnectionEnd>();
  readonly #clock: NodeJS.Timeout;
  #lastId = 0;
  #end: ConnectionEnd | undefined;
  #retiring = false;
  /**
   * Counts timer ticks rather than time, so that a pause of this process does not count: while it is stopped or busy,
   * answers may wait here unread.
   */
  #ticks = 0;
  #progressAt = 0;
  bytesInFlight = 0;

  private constructor(
    socket: TLSSocket,
    welcome: VaultWelcome,
    reader: FrameReader,
    limits: RemoteVaultLimits,
  ) {
    this.#socket = socket;
    this.welcome = welcome;
    this.#limits = limits;
    this.ended = this.#ended.promise;
    this.#clock = setInterval(() => this.#tick(), TICK_MS).unref();
    socket.on('data', (chunk: Buffer) => this.#read(reader, chunk));
    socket.on('error', (error) => this.destroy(reasonOf(error)));
    socket.on('close', () => this.destroy('it closed the connection'));
  }

  /**
   * Connects, presents the client's certificate, verifies the vault's, and waits for the welcome.
   * @throws NotConnected with the reason
   */
  static open({ host, port, credentials, limits }: ConnectionOptions): Promise<RemoteConnection> {
    let socket: TLSSocket;
    try {
      socket = connect({
        host,
        port,
        ...credentials,
        minVersion: 'TLSv1.3',
        ALPNProtocols: [VAULT_PROTOCOL],
      });
    } catch (error) {
      return Promise.reject(notConnected(error));
    }
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    return new Promise((resolve, reject) => {
      const reader = new FrameReader(limits.vaultAnswerBytesMax);
      const settle = () => {
        clearTimeout(timer);
        socket.off('data', onData).off('error', onError).off('close', onClose);
      };
      const fail = (error: NotConnected) => {
        settle();
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      };
      const onError = (error: Error) => fail(notConnected(error));
      const onClose = () => fail(new NotConnected('it closed the connection', true));
      const onData = (chunk: Buffer) => {
        try {
          // No call was made yet, so nothing follows the first frame.
          const first = reader.read(chunk).next().value as Frame | undefined;
          const welcome = first && welcomeOf(first);
          if (typeof welcome === 'string') fail(new NotConnected(welcome, false));
          else if (welcome) {
            settle();
            resolve(new RemoteConnection(socket, welcome, reader, limits));
          }
        } catch (error) {
          if (!(error instanceof MalformedMessage)) throw error;
          fail(new NotConnected('what answers there is not a vault of this version', false));
        }
      };
      const timer = setTimeout(
        () => fail(new NotConnected(`it does not answer within ${limits.vaultConnectTimeMs} ms`, true)),
        limits.vaultConnectTimeMs,
      );
      socket.on('data', onData).on('error', onError).on('close', onClose);
    });
  }

  get callsInFlight(): number {
    return this.#pending.size;
  }

  /** @throws VaultUnavailable when the connection ends before the answer */
  call(kind: number, body: Uint8Array): Promise<Frame> {
    if (this.#end) return Promise.reject(new VaultUnavailable(this.#end.reason));
    this.#lastId = (this.#lastId + 1) >>> 0 || 1;
    const frame = encodeFrame(this.#lastId, kind, body);
    if (this.#pending.size === 0) this.#progressAt = this.#ticks;
    this.bytesInFlight += frame.length;
    return new Promise((resolve, reject) => {
      this.#pending.set(this.#lastId, { resolve, reject, bytes: frame.length, since: this.#ticks });
      this.#socket.write(frame);
    });
  }

  /** Ends the connection once all calls are answered. */
  retire(): void {
    this.#retiring = true;
    if (this.#pending.size === 0) this.destroy('it was replaced');
  }

  destroy(reason: string, hung = false): void {
    if (this.#end) return;
    this.#end = { reason, hung };
    clearInterval(this.#clock);
    this.#socket.destroy();
    this.bytesInFlight = 0;
    for (const { reject } of this.#pending.values()) reject(new VaultUnavailable(reason));
    this.#pending.clear();
    this.#ended.resolve(this.#end);
  }

  #read(reader: FrameReader, chunk: Buffer): void {
    this.#progressAt = this.#ticks;
    try {
      for (const frame of reader.read(chunk)) {
        if (frame.id === 0) {
          this.destroy(frame.kind === VAULT_ANSWERS.refused ? refusalOf(frame) : 'it does not understand us');
          return;
        }
        const pending = this.#pending.get(frame.id);
        if (!pending) continue;
        this.#pending.delete(frame.id);
        this.bytesInFlight -= pending.bytes;
        pending.resolve(frame);
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.destroy('its answer is malformed');
    }
    if (this.#retiring && this.#pending.size === 0) this.destroy('it was replaced');
  }

  #tick(): void {
    this.#ticks++;
    if (this.#pending.size === 0) return;
    const { vaultSilenceTimeMs, vaultAnswerTimeMs } = this.#limits;
    const [oldest] = this.#pending.values();
    if ((this.#ticks - this.#progressAt) * TICK_MS > vaultSilenceTimeMs) {
      this.destroy(`it has not answered for ${vaultSilenceTimeMs} ms`, true);
    } else if (oldest && (this.#ticks - oldest.since) * TICK_MS > vaultAnswerTimeMs) {
      this.destroy(`it has not answered a call for ${vaultAnswerTimeMs} ms`, true);
    }
  }
}

function welcomeOf(frame: Frame): VaultWelcome | string {
  if (frame.kind === VAULT_ANSWERS.refused) return refusalOf(frame);
  if (frame.id !== 0 || frame.kind !== VAULT_ANSWERS.welcome) throw new MalformedMessage('no welcome');
  const reader = new ByteReader(frame.body);
  const welcome = readWelcome(reader);
  reader.end();
  return welcome;
}

const REFUSAL_LENGTH_MAX = 256;

function refusalOf({ body }: Frame): string {
  return `it refused this server: ${body.toString('utf8', 0, REFUSAL_LENGTH_MAX)}`;
}
