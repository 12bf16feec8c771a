import type { TLSSocket } from 'node:tls';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Logger } from '../../ports/logger.ts';
import { ByteWriter, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS, writeWelcome } from '../../vault-protocol/calls.ts';
import { encodeFrame, type Frame, FrameReader } from '../../vault-protocol/frames.ts';
import type { VaultCaller } from './caller.ts';
import { handleCall, type VaultAnswer } from './handle-call.ts';
import type { VaultListenerLimits } from './listener-limits.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface SharedByConnections {
  readonly vault: KeyVault;
  /** See `VaultWelcome`. */
  readonly identity: string;
  readonly limits: VaultListenerLimits;
  readonly logger: Pick<Logger, 'info'>;
  readonly refusals: RefusalLog;
}

/**
 * One caller's connection. So many of its calls are under way at a time; what it sends beyond them waits unread, and so
 * does what it sends while it does not read its answers: the caller feels it as back-pressure.
 */
export class VaultConnection {
  readonly caller: VaultCaller;
  readonly #shared: SharedByConnections;
  readonly #socket: TLSSocket;
  readonly #reader: FrameReader;
  #frames: Iterator<Frame> | undefined;
  #running = 0;
  #closing = false;
  /** Since when a frame is unfinished, or answers unread (ms of `performance.now`). */
  #insideSince: number | undefined;
  #unreadSince: number | undefined;

  constructor(shared: SharedByConnections, socket: TLSSocket, caller: VaultCaller) {
    this.caller = caller;
    this.#shared = shared;
    this.#socket = socket;
    this.#reader = new FrameReader(shared.limits.vaultRequestBytesMax);
    socket.on('data', (chunk: Buffer) => {
      this.#frames = this.#reader.read(chunk);
      this.#advance();
    });
    socket.on('end', () => this.close());
    socket.on('drain', () => {
      this.#unreadSince = undefined;
      this.#advance();
    });
    const welcome = new ByteWriter();
    const { vault, identity } = shared;
    writeWelcome(welcome, { custody: vault.custody, managesKeys: caller.managesKeys, identity });
    this.#write(0, VAULT_ANSWERS.welcome, welcome.finish());
  }

  /** Answers what was read, then ends. */
  close(): void {
    this.#closing = true;
    this.#frames = undefined;
    this.#socket.pause();
    if (this.#running === 0) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called now and then: ends what takes too long, and whose certificate has ended. */
  expire(now: number, wallNow: number): void {
    const { vaultFrameTimeMs, slowReaderTimeMs } = this.#shared.limits;
    if (this.#insideSince !== undefined && now - this.#insideSince > vaultFrameTimeMs) {
      this.#drop(`it did not finish a frame within ${vaultFrameTimeMs} ms`);
    } else if (this.#unreadSince !== undefined && now - this.#unreadSince > slowReaderTimeMs) {
      this.#drop(`it did not read its answers within ${slowReaderTimeMs} ms`);
    } else if (this.caller.until <= wallNow && !this.#closing) {
      const reason = `its certificate ended on ${new Date(this.caller.until).toISOString()}`;
      this.#shared.refusals.warn('a caller of the vault was refused', { caller: this.caller.name, reason });
      this.#write(0, VAULT_ANSWERS.refused, Buffer.from(reason));
      this.close();
    }
  }

  #advance(): void {
    const { vaultCallsPerConnectionMax } = this.#shared.limits;
    try {
      while (this.#frames && this.#running < vaultCallsPerConnectionMax && this.#unreadSince === undefined) {
        const { done, value } = this.#frames.next();
        if (done) this.#frames = undefined;
        else {
          this.#insideSince = undefined;
          void this.#run(value);
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#finish(0, { kind: VAULT_ANSWERS.malformed, body: Buffer.from(error.message), close: true });
      this.#shared.refusals.warn('a caller of the vault was cut off', {
        caller: this.caller.name,
        reason: error.message,
      });
      return;
    }
    if (this.#closing) return;
    if (this.#frames) this.#socket.pause();
    else {
      // Only the caller's own slowness counts: what waits here unread is ours.
      if (!this.#reader.inside) this.#insideSince = undefined;
      else this.#insideSince ??= performance.now();
      this.#socket.resume();
    }
  }

  async #run(frame: Frame): Promise<void> {
    this.#running++;
    const answer = await handleCall(this.#shared.vault, this.caller, frame);
    this.#running--;
    this.#finish(frame.id, answer);
  }

  #finish(id: number, { kind, body, close, logged, managed }: VaultAnswer): void {
    const { logger, refusals } = this.#shared;
    const caller = this.caller.name;
    if (logged) {
      const fields = { caller, call: logged.call, reason: logged.reason };
      if (logged.bug) refusals.error('a call of the vault failed', fields);
      else refusals.warn('a call of the vault was not carried out', fields);
    }
    if (managed) logger.info({ caller, call: managed }, 'keys were managed');
    this.#write(id, kind, body);
    if (close || this.#closing) this.close();
    else if (this.#frames) this.#advance();
  }

  #write(id: number, kind: number, body: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(encodeFrame(id, kind, body));
    if (this.#socket.writableLength > this.#shared.limits.vaultUnreadBytesMax) {
      this.#unreadSince ??= performance.now();
    }
  }

  #drop(reason: string): void {
    this.#shared.refusals.warn('a caller of the vault was cut off', { caller: this.caller.name, reason });
    this.destroy();
  }
}
