import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { HeldBytes, HeldBytesAccount } from '../held-bytes.ts';
import { RequestCutter } from './request-cutter.ts';

/** What a `SerialConnection` shares with the others of its listener. */
export interface SerialConnectionOptions {
  readonly heldBytes: HeldBytes;
  /** The key under which the client is counted (`clientNetwork`). */
  readonly network: string;
  /** Called when the connection is cut off because the client did not read. */
  readonly onSlowReader: () => void;
  /** Called when a request did not arrive in time, and nothing was answered to it. Ends the connection. */
  readonly onSlowRequest: (connection: SerialConnection) => void;
}

/** Bytes handed to the socket at a time. Each piece counts as progress of the reader. */
const PIECE_BYTES = 65_536;
/** Parts of what arrived that are parsed per turn of the event loop: blank lines and chunked bodies make many. */
const PARTS_PER_TURN_MAX = 16;

type Done = (error?: Error | null) => void;
interface Chunk {
  readonly chunk: Buffer | string;
  readonly encoding: BufferEncoding;
}

/**
 * A client's connection as Node's HTTP server sees it: one request at a time, whatever the client pipelines. The next
 * request is parsed when the answer to the one before it was handed to the kernel; until then its bytes wait here, and
 * beyond one chunk in the kernel, which slows the client down.
 *
 * Node itself parses all that arrived, makes a request and a response of each, and keeps all answers in memory.
 *
 * Why: docs/DECISIONS.md#one-request-at-a-time-per-http-connection
 */
export class SerialConnection extends Duplex {
  /** Whether the client's connection is encrypted. Absent otherwise, as on Node's sockets. */
  declare readonly encrypted?: true;
  readonly #socket: Socket;
  readonly #options: SerialConnectionOptions;
  readonly #account: HeldBytesAccount;
  readonly #cutter = new RequestCutter();
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  /** When the request's header had arrived, in ms of `performance.now()`. */
  #requestSince = 0;
  /** What arrived since then. */
  #requestBytes = 0;
  /** How fast a long body must come, in bytes a second; 0: the request has a time, however long it is. */
  #bytesPerSecondMin = 0;
  #answering = false;
  #feedDue = false;
  #inputEnded = false;
  /** Since when the socket has not taken a piece, in ms of `performance.now()`. */
  #blockedSince: number | undefined;

  constructor(socket: Socket, options: SerialConnectionOptions) {
    super({ allowHalfOpen: true, decodeStrings: false });
    this.#socket = socket;
    this.#options = options;
    this.#account = options.heldBytes.open(options.network, () => this.destroy());
    if ('encrypted' in socket) Object.defineProperty(this, 'encrypted', { value: true });
    socket.on('data', (chunk: Buffer) => {
      this.#requestBytes += chunk.length;
      this.#cutter.push(chunk);
      this.#feed();
    });
    socket.on('end', () => {
      this.#inputEnded = true;
      this.#feed();
    });
    // A lost connection is not worth a log line; 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => this.destroy());
    socket.on('timeout', () => this.emit('timeout'));
    this.on('resume', () => this.#feed());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  setTimeout(ms: number, onTimeout?: () => void): this {
    this.#socket.setTimeout(ms);
    if (onTimeout) this.once('timeout', onTimeout);
    return this;
  }

  /** Sends what was written, then closes. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /**
   * Called for each request when it is parsed: nothing after it is parsed before its answer was sent.
   * @param network of the client, which a trusted proxy may have reported
   */
  begin(request: IncomingMessage, response: ServerResponse, network: string): void {
    // Never two: the cutter has a fault, and the bound would not hold.
    if (this.#answering) {
      this.destroy();
      return;
    }
    this.#answering = true;
    this.#request = request;
    this.#response = response;
    this.#requestSince = performance.now();
    this.#requestBytes = 0;
    this.#bytesPerSecondMin = 0;
    this.#cutter.expectBody(request.headers['content-length']);
    this.#account.setAddress(network);
    response.once('close', () => {
      this.#answering = false;
      if (this.#cutter.waiting > 0) this.#feedLater();
    });
  }

  /** Lets the body of the request under way arrive for longer than others, while it comes so fast. */
  admitLongBody(bytesPerSecondMin: number): void {
    this.#bytesPerSecondMin = bytesPerSecondMin;
  }

  /** Whether the request under way arrives for longer than `requestTimeMs` by now. */
  takesLong(now: number, requestTimeMs: number): boolean {
    return this.#request?.complete === false && now - this.#requestSince >= requestTimeMs;
  }

  /**
   * Cuts the client off if it has not read for `slowReaderTimeMs`, or its request has not arrived within `requestTimeMs`; a
   * body that was admitted as a long one has the time that its bytes take at the slowest rate besides. Called at each sweep.
   */
  expire(now: number, slowReaderTimeMs: number, requestTimeMs: number): void {
    if (this.#blockedSince !== undefined && now - this.#blockedSince >= slowReaderTimeMs) {
      this.#options.onSlowReader();
      this.destroy();
      return;
    }
    const rate = this.#bytesPerSecondMin;
    const allowedMs = requestTimeMs + (rate === 0 ? 0 : (this.#requestBytes * 1_000) / rate);
    if (!this.takesLong(now, allowedMs)) return;
    // What was answered already cannot be answered again.
    if (this.#response?.headersSent) this.destroy();
    else this.#options.onSlowRequest(this);
  }

  /** Hands on what may be parsed now. Bytes are pushed only while Node reads, so that it parses them at once. */
  #feed(): void {
    for (let parts = 0; this.#cutter.waiting > 0 && this.#mayFeed(); parts++) {
      if (parts === PARTS_PER_TURN_MAX) {
        this.#feedLater();
        break;
      }
      this.push(this.#cutter.next());
    }
    if (this.#cutter.waiting > 0) this.#socket.pause();
    else if (this.#inputEnded) this.push(null);
    else this.#socket.resume();
    this.#count();
  }

  #feedLater(): void {
    if (this.#feedDue) return;
    this.#feedDue = true;
    setImmediate(() => {
      this.#feedDue = false;
      if (!this.destroyed) this.#feed();
    });
  }

  #mayFeed(): boolean {
    if (this.readableFlowing !== true || this.writableEnded || this.destroyed) return false;
    return !this.#answering || this.#request?.complete === false;
  }

  #count(): void {
    this.#account.set(this.#cutter.waiting + this.writableLength);
  }

  override _read(): void {
    // `#feed` pushes when bytes arrive and when Node begins to read.
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    this.#write([{ chunk, encoding }], done);
  }

  override _writev(chunks: Chunk[], done: Done): void {
    this.#write(chunks, done);
  }

  #write(chunks: readonly Chunk[], done: Done): void {
    const [first] = chunks;
    if (chunks.length === 1 && first && first.chunk.length <= PIECE_BYTES) {
      this.#socket.write(first.chunk, first.encoding, this.#onWritten(done));
      this.#noteBlocked();
    } else {
      const bytes = chunks.map(({ chunk, encoding }) =>
        typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
      );
      this.#writePieces(piecesOf(bytes), done);
    }
    this.#count();
  }

  #writePieces(pieces: Iterator<Buffer[]>, done: Done): void {
    const { value, done: last } = pieces.next();
    if (last) {
      done();
      return;
    }
    this.#socket.cork();
    for (const [index, part] of value.entries()) {
      if (index < value.length - 1) this.#socket.write(part);
      else
        this.#socket.write(
          part,
          this.#onWritten(() => this.#writePieces(pieces, done)),
        );
    }
    this.#socket.uncork();
    this.#noteBlocked();
  }

  #onWritten(next: () => void): (error?: Error | null) => void {
    return (error) => {
      this.#blockedSince = undefined;
      // 'close' follows an error.
      if (error || this.destroyed) return;
      next();
      this.#count();
    };
  }

  #noteBlocked(): void {
    if (this.#socket.writableLength > 0) this.#blockedSince ??= performance.now();
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#account.close();
    this.#socket.destroy();
    done(error);
  }
}

/** Groups parts of the buffers so that a group has at most `PIECE_BYTES`. Copies nothing. */
function* piecesOf(buffers: readonly Buffer[]): Generator<Buffer[], undefined> {
  let group: Buffer[] = [];
  let free = PIECE_BYTES;
  for (const buffer of buffers) {
    for (let offset = 0; offset < buffer.length; ) {
      const part = buffer.subarray(offset, offset + free);
      group.push(part);
      offset += part.length;
      free -= part.length;
      if (free > 0) continue;
      yield group;
      group = [];
      free = PIECE_BYTES;
    }
  }
  if (group.length > 0) yield group;
  return undefined;
}
