import type { Socket } from 'node:net';
import { isRefusal, refuse } from '../../domain/errors.ts';
import type { Limits } from '../../limits.ts';
import { LineReader } from '../../net/line-reader.ts';
import type { Failures } from '../failures.ts';
import { type Caller, type Outcome, perform } from './actions.ts';
import { okAnswer, refusalAnswer } from './answer.ts';
import type { ConnectionLease } from './connection-quota.ts';
import { countRefusal, type TcpCounters } from './counters.ts';
import { ErrorBudget } from './error-budget.ts';
import { type Message, type MessageReader, refusedMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import { PROXY_SIGNATURE } from './proxy-header.ts';
import { Schedule } from './schedule.ts';
import type { TcpServices } from './services.ts';

/** What connections share: their server's parts. */
export interface Shared {
  readonly services: TcpServices;
  readonly limits: Limits;
  readonly messages: MessageReader;
  readonly counters: TcpCounters;
  readonly failures: Failures;
  /** Monotonic milliseconds, as coarse as the sweep that calls `expire`. */
  readonly now: () => number;
}

/**
 * One client's connection, from its first message to its close.
 *
 * Messages are taken from the bytes that came only as they can start; while one cannot, nothing more is read, so a
 * client that sends faster than it is served is slowed by TCP itself.
 */
export class Connection {
  readonly #shared: Shared;
  readonly #socket: Socket;
  readonly #seat: ConnectionLease;
  readonly #caller: Caller;
  readonly #reader: LineReader;
  readonly #schedule: Schedule;
  readonly #outbox: Outbox;
  readonly #errors: ErrorBudget;
  /** Read, but it must wait for one that is under way. */
  #held: Message | undefined;
  #advancing = false;
  #fresh = true;
  #paused = false;
  /** The client will send nothing more. */
  #inputEnded = false;
  /** What is under way is answered; what came after it is answered that the server stops. */
  #stopping = false;
  /** What is under way is answered, nothing else. */
  #closing = false;
  #finished = false;
  #activeAt: number;
  #anonymousSince: number;
  #lingeringSince: number | undefined;

  constructor(shared: Shared, socket: Socket, seat: ConnectionLease, network: string) {
    const { limits, services, failures } = shared;
    this.#shared = shared;
    this.#socket = socket;
    this.#seat = seat;
    this.#caller = { address: network, session: undefined, lastNonce: undefined };
    this.#reader = new LineReader(limits.lineBytesMax);
    this.#schedule = new Schedule(limits);
    this.#errors = new ErrorBudget(limits.connectionErrorsMax, async () => {
      try {
        return await services.takeError(network);
      } catch (error) {
        failures.refusalFor(error);
        return 0;
      }
    });
    this.#outbox = new Outbox(socket, limits.outputBytesMax, {
      now: shared.now,
      onSent: () => {
        if (this.#held) this.#advance();
      },
      onOverflow: () => this.#cutOff(),
    });
    this.#activeAt = this.#anonymousSince = shared.now();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#endInput());
    socket.on('finish', () => {
      this.#lingeringSince = shared.now();
    });
    // Nobody is left to answer: what has not started does not.
    socket.on('close', () => {
      this.#closing = this.#finished = true;
    });
    socket.resume();
  }

  /** Answers what was accepted, then closes. What came and has not started is answered `shutting_down`. */
  stop(): void {
    this.#stopping = true;
    this.#held &&= stopped(this.#held);
    this.#advance();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Called every so often: closes what has taken too long. */
  expire(now: number): void {
    const { limits, counters } = this.#shared;
    if (this.#lingeringSince !== undefined) {
      const lingerMs = this.#stopping
        ? Math.min(STOPPED_LINGER_MS, limits.lingerTimeMs)
        : limits.lingerTimeMs;
      if (now - this.#lingeringSince >= lingerMs) this.destroy();
    } else if (now - (this.#outbox.slowSince ?? now) >= limits.slowReaderTimeMs) {
      this.#cutOff();
    } else if (!this.#closing && this.#tookTooLong(now)) {
      counters.timeouts++;
      this.#close();
    }
  }

  #tookTooLong(now: number): boolean {
    const { logInTimeMs, idleTimeMs } = this.#shared.limits;
    if (this.#caller.session === undefined && now - this.#anonymousSince >= logInTimeMs) return true;
    return this.#schedule.running === 0 && now - this.#activeAt >= idleTimeMs;
  }

  #receive(chunk: Buffer): void {
    if (this.#closing) return;
    if (this.#fresh) {
      this.#fresh = false;
      if (chunk.subarray(0, PROXY_SIGNATURE.length).equals(PROXY_SIGNATURE)) {
        this.#refuseProxyHeader();
        return;
      }
    }
    this.#reader.push(chunk);
    this.#advance();
  }

  /** From an address that is no trusted proxy's: anyone could claim any address. */
  #refuseProxyHeader(): void {
    this.#shared.counters.proxyHeadersRefused++;
    this.#close();
  }

  #endInput(): void {
    this.#inputEnded = true;
    this.#advance();
  }

  /** Starts all that may start, then reads on, waits, or finishes. */
  #advance(): void {
    if (this.#advancing || this.#finished) return;
    this.#advancing = true;
    while (!this.#closing) {
      const message = this.#held ?? this.#next();
      this.#held = message;
      if (!message || !this.#mayStart(message)) break;
      this.#held = undefined;
      this.#start(message);
    }
    this.#advancing = false;
    if (this.#closing || ((this.#inputEnded || this.#stopping) && !this.#held)) {
      if (this.#schedule.running === 0) this.#finish();
    } else this.#setPaused(this.#held !== undefined || this.#stopping);
  }

  #mayStart(message: Message): boolean {
    const { slowSince, unsentLength, bufferedLength } = this.#outbox;
    return slowSince === undefined && this.#schedule.mayStart(message, unsentLength, bufferedLength);
  }

  #next(): Message | undefined {
    const line = this.#reader.next();
    if (line !== undefined) {
      const message = this.#shared.messages.read(line, this.#reader.lineBytes);
      return this.#stopping ? stopped(message) : message;
    }
    if (!this.#inputEnded || !this.#reader.unfinished) return undefined;
    this.#reader.discard();
    // Cut off on its way, perhaps: what a lost connection leaves of a message is not carried out.
    return refusedMessage(refuse('json_invalid', { detail: '\\n' }));
  }

  #start(message: Message): void {
    this.#schedule.start(message);
    this.#activeAt = this.#shared.now();
    this.#shared.counters.messages++;
    void this.#run(message);
  }

  async #run(message: Message): Promise<void> {
    let outcome: Outcome;
    try {
      const performed = perform(this.#shared.services, this.#caller, message);
      outcome = performed instanceof Promise ? await performed : performed;
    } catch (error) {
      outcome = this.#shared.failures.refusalFor(error);
    }
    if (isRefusal(outcome)) {
      const { refusal, close } = await this.#errors.count(outcome);
      countRefusal(this.#shared.counters, refusal.refused);
      this.#outbox.add(refusalAnswer(refusal, message.id));
      if (close) this.#closing = true;
    } else {
      this.#errors.forgive();
      this.#outbox.add(okAnswer(outcome, message.id));
    }
    this.#settle(message);
  }

  #settle(message: Message): void {
    this.#schedule.settle(message);
    const now = this.#shared.now();
    this.#activeAt = now;
    if (this.#seat.setLoggedIn(this.#caller.session !== undefined)) this.#anonymousSince = now;
    if (this.#held || this.#schedule.running === 0) this.#advance();
  }

  #close(): void {
    this.#closing = true;
    this.#advance();
  }

  /** A client that does not read: it would not read why either. */
  #cutOff(): void {
    this.#shared.counters.slowReaders++;
    this.destroy();
  }

  /** Says what is still to be said, then that no more follows. */
  #finish(): void {
    this.#closing = this.#finished = true;
    this.#outbox.end();
    // Read and dropped: closing on unread bytes would reset the connection and could take the last answer with it.
    this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }
}

const STOPPED_RETRY_MS = 1_000;
const STOPPED_LINGER_MS = 100;

function stopped({ bytes, id }: Message): Message {
  return refusedMessage(refuse('shutting_down', { retryAfterMs: STOPPED_RETRY_MS }), bytes, id);
}
