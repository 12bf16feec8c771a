import { MalformedMessage } from './bytes.ts';

/*
 * The frames that a server and the vault's process exchange over TLS. A frame is the length of what follows (4 bytes),
 * the number of the call that it makes or answers (4), its kind (1), and a body.
 */

/** ALPN (RFC 7301): a peer with another protocol or version is refused in the handshake. */
export const VAULT_PROTOCOL = 'sello-vault/1';

export interface Frame {
  readonly id: number;
  readonly kind: number;
  readonly body: Buffer;
}

const LENGTH_BYTES = 4;
const HEAD_BYTES = 5;
/** Bytes of a frame besides its body. */
export const FRAME_BYTES = LENGTH_BYTES + HEAD_BYTES;

// Why: docs/DECISIONS.md#vault-calls-are-frames-over-tls-13
export function encodeFrame(id: number, kind: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + body.length);
  frame.writeUInt32BE(HEAD_BYTES + body.length, 0);
  frame.writeUInt32BE(id, LENGTH_BYTES);
  frame[FRAME_BYTES - 1] = kind;
  frame.set(body, FRAME_BYTES);
  return frame;
}

/** Cuts a connection's bytes into frames. Holds at most one unfinished frame. */
export class FrameReader {
  readonly #bytesMax: number;
  #head = Buffer.alloc(0);
  #unfinished: Buffer | undefined;
  #filled = 0;

  /** @param bytesMax bound on a frame without its length */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a frame has begun and not ended. */
  get inside(): boolean {
    return this.#unfinished !== undefined || this.#head.length > 0;
  }

  /** @throws MalformedMessage for a frame that is too long or too short; nothing after it can be read */
  *read(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    for (;;) {
      if (this.#unfinished) {
        const taken = rest.copy(this.#unfinished, this.#filled);
        this.#filled += taken;
        if (this.#filled < this.#unfinished.length) return;
        const whole = this.#unfinished;
        this.#unfinished = undefined;
        rest = rest.subarray(taken);
        yield frameOf(whole);
        continue;
      }
      if (this.#head.length > 0) {
        rest = Buffer.concat([this.#head, rest]);
        this.#head = Buffer.alloc(0);
      }
      if (rest.length === 0) return;
      if (rest.length < LENGTH_BYTES) {
        this.#head = Buffer.from(rest);
        return;
      }
      const length = rest.readUInt32BE(0);
      if (length < HEAD_BYTES || length > this.#bytesMax) {
        throw new MalformedMessage(
          `a frame of ${length} bytes (${HEAD_BYTES} to ${this.#bytesMax} are taken)`,
        );
      }
      rest = rest.subarray(LENGTH_BYTES);
      if (rest.length >= length) {
        const whole = rest.subarray(0, length);
        rest = rest.subarray(length);
        yield frameOf(whole);
      } else {
        this.#unfinished = Buffer.allocUnsafe(length);
        this.#filled = 0;
      }
    }
  }
}

function frameOf(whole: Buffer): Frame {
  return {
    id: whole.readUInt32BE(0),
    kind: whole.readUInt8(LENGTH_BYTES),
    body: whole.subarray(HEAD_BYTES),
  };
}
