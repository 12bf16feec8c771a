import type { TLSSocket } from 'node:tls';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Logger } from '../../ports/logger.ts';
import { ByteWriter, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS } from '../../vault-protocol/calls.ts';
import { encodeFrame, type Frame, FrameReader } from '../../vault-protocol/frames.ts';
import { writeWelcome } from '../../vault-protocol/welcome.ts';
import type { HeldBytes, HeldBytesAccount } from '../held-bytes.ts';
import type { CallTurn, CallTurns } from './call-turns.ts';
import type { VaultCaller } from './caller.ts';
import { handleCall, type VaultAnswer } from './handle-call.ts';
import type { VaultListenerLimits } from './listener-limits.ts';
import type { RefusalLog } from './refusal-log.ts';

/** What all connections of the listener share. */
export interface VaultConnectionDependencies {
  readonly vault: KeyVault;
  /** `VaultWelcome.identity` */
  readonly identity: string;
  readonly limits: VaultListenerLimits;
  readonly logger: Pick<Logger, 'info'>;
  readonly refusals: RefusalLog;
  readonly heldBytes: HeldBytes;
  readonly turns: CallTurns;
}

/**
 * One caller's connection. Calls beyond `vaultCallsPerConnectionMax` wait unread, and so do all calls while the caller
 * does not read its answers: back-pressure by TCP. So do all behind a call that waits for its caller's turn.
 *
 * A frame is read (`#advance`), has its turn (call-turns.ts), is carried out (`#run`, handle-call.ts) and answered
 * (`#finish`).
 */
export class VaultConnection {
  readonly caller: VaultCaller;
  readonly #dependencies: VaultConnectionDependencies;
  readonly #socket: TLSSocket;
  readonly #reader: FrameReader;
  readonly #heldBytes: HeldBytesAccount;
  #frames: Iterator<Frame> | undefined;
  /** Calls that were read and not answered yet. */
  #running = 0;
  /** Gives up the turn of the one that was read last, while it waits for it. */
  #leaveTurns: (() => void) | undefined;
  #closing = false;
  /** Since when a frame is unfinished, in ms of `performance.now()`. */
  #insideSince: number | undefined;
  /** Since when the socket's buffer has been above its high-water mark, likewise. */
  #unreadSince: number | undefined;

  constructor(dependencies: VaultConnectionDependencies, socket: TLSSocket, caller: VaultCaller) {
    this.caller = caller;
    this.#dependencies = dependencies;
    this.#socket = socket;
    this.#reader = new FrameReader(dependencies.limits.vaultRequestBytesMax);
    this.#heldBytes = dependencies.heldBytes.open(caller.name, () =>
      this.#drop('it left more unread than the vault keeps'),
    );
    socket.on('data', (chunk: Buffer) => {
      this.#frames = this.#reader.read(chunk);
      this.#advance();
    });
    socket.on('end', () => this.close());
    socket.on('close', () => {
      this.#leaveTurns?.();
      this.#heldBytes.close();
    });
    socket.on('drain', () => {
      this.#unreadSince = undefined;
      this.#heldBytes.set(0);
      this.#advance();
    });
    const welcome = new ByteWriter();
    const { vault, identity } = dependencies;
    writeWelcome(welcome, { custody: vault.custody, managesKeys: caller.managesKeys, identity });
    this.#write(0, VAULT_ANSWERS.welcome, welcome.finish());
  }

  /** Answers the calls that were read, then ends. */
  close(): void {
    this.#closing = true;
    this.#frames = undefined;
    this.#socket.pause();
    if (this.#running === 0) this.#socket.end();
  }

  /** Closes the connection for another caller's, if no call is under way. @returns whether it closes */
  closeIdle(): boolean {
    if (this.#running > 0 || this.#insideSince !== undefined) return false;
    this.close();
    return true;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Ends the connection if a frame or its answers take too long, or if the certificate has ended. Called at each sweep.
   */
  expire(now: number, wallNow: number): void {
    const { vaultFrameTimeMs, slowReaderTimeMs } = this.#dependencies.limits;
    if (this.#insideSince !== undefined && now - this.#insideSince > vaultFrameTimeMs) {
      this.#drop(`it did not finish a frame within ${vaultFrameTimeMs} ms`);
    } else if (this.#unreadSince !== undefined && now - this.#unreadSince > slowReaderTimeMs) {
      this.#drop(`it did not read its answers within ${slowReaderTimeMs} ms`);
    } else if (this.caller.until <= wallNow && !this.#closing) {
      const reason = `its certificate ended on ${new Date(this.caller.until).toISOString()}`;
      this.#dependencies.refusals.warn('a caller of the vault was refused', {
        caller: this.caller.name,
        reason,
      });
      this.#write(0, VAULT_ANSWERS.refused, Buffer.from(reason));
      this.close();
    }
  }

  #advance(): void {
    const { vaultCallsPerConnectionMax } = this.#dependencies.limits;
    try {
      while (
        this.#frames &&
        !this.#leaveTurns &&
        this.#running < vaultCallsPerConnectionMax &&
        this.#hasRoom()
      ) {
        const { done, value } = this.#frames.next();
        if (done) this.#frames = undefined;
        else {
          this.#insideSince = undefined;
          this.#begin(value);
        }
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#finish(0, { kind: VAULT_ANSWERS.malformed, body: Buffer.from(error.message), close: true });
      this.#dependencies.refusals.warn('a caller of the vault was cut off', {
        caller: this.caller.name,
        reason: error.message,
      });
      return;
    }
    if (this.#closing) return;
    if (this.#frames) this.#socket.pause();
    else {
      // Counts only while everything received has been read, so that only the caller's own slowness counts.
      if (!this.#reader.inside) this.#insideSince = undefined;
      else this.#insideSince ??= performance.now();
      this.#socket.resume();
    }
  }

  #hasRoom(): boolean {
    return this.#socket.writableLength <= this.#dependencies.limits.vaultUnreadBytesMax;
  }

  #begin(frame: Frame): void {
    const { turns } = this.#dependencies;
    this.#running++;
    const turn = turns.take();
    if (turn) return void this.#run(frame, turn);
    this.#leaveTurns = turns.wait(this.caller.name, (later) => {
      this.#leaveTurns = undefined;
      void this.#run(frame, later);
      if (this.#frames) this.#advance();
    });
  }

  async #run(frame: Frame, turn: CallTurn): Promise<void> {
    const answer = await handleCall(this.#dependencies.vault, this.caller, frame, turn);
    this.#running--;
    this.#finish(frame.id, answer);
    turn.end();
  }

  #finish(id: number, { kind, body, close, logged, managed }: VaultAnswer): void {
    const { logger, refusals } = this.#dependencies;
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
    if (this.#socket.write(encodeFrame(id, kind, body))) return;
    this.#unreadSince ??= performance.now();
    this.#heldBytes.set(this.#socket.writableLength);
  }

  #drop(reason: string): void {
    this.#dependencies.refusals.warn('a caller of the vault was cut off', {
      caller: this.caller.name,
      reason,
    });
    this.destroy();
  }
}
