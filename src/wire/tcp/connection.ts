import type { Socket } from 'node:net';
import { isRefusal, refuse } from '../../domain/errors.ts';
import type { Limits } from '../../limits.ts';
import { LineReader } from '../../net/line-reader.ts';
import type { Failures } from '../failures.ts';
import type { HeldBytes, HeldBytesAccount } from '../held-bytes.ts';
import { type ClientState, type Outcome, performAction } from './actions.ts';
import { okAnswer, refusalAnswer } from './answer.ts';
import { ConnectionDeadlines } from './connection-deadlines.ts';
import type { ConnectionLease } from './connection-quota.ts';
import { countRefusal, type TcpCounters } from './counters.ts';
import { ErrorBudget } from './error-budget.ts';
import { type Message, type MessageReader, refusedMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import { PROXY_SIGNATURE } from './proxy-header.ts';
import { Schedule } from './schedule.ts';
import type { TcpServices } from './services.ts';

/** What all connections of a server share. */
export interface ConnectionDependencies {
  readonly services: TcpServices;
  readonly limits: Limits;
  readonly messages: MessageReader;
  readonly counters: TcpCounters;
  readonly failures: Failures;
  readonly heldBytes: HeldBytes;
  /** Monotonic milliseconds, as coarse as the sweep that calls `expire`. */
  readonly now: () => number;
}

const STOPPED_RETRY_MS = 1_000;

/**
 * One client's connection, from its first message to its close. What happens to a line:
 *
 * 1. `#receive` hands the bytes that arrived to the line reader (src/net/line-reader.ts).
 * 2. `#next` pulls a line and reads it into a message (message.ts); an unreadable line becomes a refused message.
 * 3. `#mayStart` asks whether the message may run beside those under way (schedule.ts). While it may not, it is held
 *    and nothing more is read, so that TCP itself slows down a client that sends faster than it is served.
 * 4. `#run` performs the message's action, which calls the use case (actions.ts).
 * 5. A refusal is counted against the connection and its address (error-budget.ts).
 * 6. The answer goes to the outbox, which writes once a turn of the event loop (outbox.ts).
 * 7. `#settle` frees the message's place, and the next line starts.
 */
export class Connection {
  readonly #dependencies: ConnectionDependencies;
  readonly #socket: Socket;
  readonly #lease: ConnectionLease;
  readonly #client: ClientState;
  readonly #reader: LineReader;
  readonly #schedule: Schedule;
  readonly #outbox: Outbox;
  readonly #errors: ErrorBudget;
  readonly #deadlines: ConnectionDeadlines;
  readonly #heldBytes: HeldBytesAccount;
  /** A message that was read and must wait for one that is under way. */
  #held: Message | undefined;
  #advancing = false;
  /** Whether no byte has arrived yet. */
  #fresh = true;
  #paused = false;
  /** The client has closed its side. */
  #inputEnded = false;
  /** Messages under way are answered; those after them are answered `shutting_down`. */
  #stopping = false;
  /** Messages under way are answered, and nothing else. */
  #closing = false;
  #finished = false;

  constructor(dependencies: ConnectionDependencies, socket: Socket, lease: ConnectionLease, network: string) {
    const { limits, services, failures, now } = dependencies;
    this.#dependencies = dependencies;
    this.#socket = socket;
    this.#lease = lease;
    this.#client = { address: network, session: undefined, lastNonce: undefined };
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
    this.#heldBytes = dependencies.heldBytes.open(network, () => this.#cutOffForBytes());
    this.#outbox = new Outbox(socket, limits.outputBytesMax, {
      now,
      onSent: () => {
        if (this.#held) this.#advance();
      },
      onBuffered: () => this.#countHeld(),
      onOverflow: () => this.#cutOff(),
    });
    this.#deadlines = new ConnectionDeadlines(limits, now());
    lease.onEvictLoggedIn(() => this.#closeIdle());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => {
      this.#inputEnded = true;
      this.#advance();
    });
    socket.on('finish', () => this.#deadlines.startLinger(now()));
    // Nobody is left to answer, so messages that have not started never do.
    socket.on('close', () => {
      this.#closing = this.#finished = true;
      this.#heldBytes.close();
    });
    socket.resume();
  }

  #receive(chunk: Buffer): void {
    if (this.#closing) return;
    if (this.#fresh) {
      this.#fresh = false;
      if (chunk.subarray(0, PROXY_SIGNATURE.length).equals(PROXY_SIGNATURE)) {
        // The peer is not a trusted proxy: with such a header anyone could claim any address.
        this.#dependencies.counters.proxyHeadersRefused++;
        this.#close();
        return;
      }
    }
    this.#reader.push(chunk);
    this.#advance();
  }

  /** Starts every message that may start; then reads on, waits for one under way, or finishes. */
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
    this.#countHeld();
    if (this.#closing || ((this.#inputEnded || this.#stopping) && !this.#held)) {
      if (this.#schedule.running === 0) this.#finish();
    } else this.#setPaused(this.#held !== undefined || this.#stopping);
  }

  #countHeld(): void {
    this.#heldBytes.set(
      this.#reader.waitingBytes + this.#schedule.runningBytes + this.#outbox.bufferedLength,
    );
  }

  #next(): Message | undefined {
    const line = this.#reader.next();
    if (line !== undefined) {
      const message = this.#dependencies.messages.read(line, this.#reader.lineBytes);
      return this.#stopping ? stopped(message) : message;
    }
    if (!this.#inputEnded || !this.#reader.unfinished) return undefined;
    this.#reader.discard();
    // A last line without its end may have been cut off on its way: it is refused rather than carried out.
    return refusedMessage(refuse('json_invalid', { detail: '\\n' }));
  }

  #mayStart(message: Message): boolean {
    const { slowSince, unsentLength, bufferedLength } = this.#outbox;
    return slowSince === undefined && this.#schedule.mayStart(message, unsentLength, bufferedLength);
  }

  #start(message: Message): void {
    this.#schedule.start(message);
    this.#deadlines.touch(this.#dependencies.now());
    this.#dependencies.counters.messages++;
    void this.#run(message);
  }

  async #run(message: Message): Promise<void> {
    const { services, failures, counters } = this.#dependencies;
    let outcome: Outcome;
    try {
      const performed = performAction(services, this.#client, message);
      outcome = performed instanceof Promise ? await performed : performed;
    } catch (error) {
      outcome = failures.refusalFor(error);
    }
    if (isRefusal(outcome)) {
      const { refusal, close } = await this.#errors.count(outcome);
      countRefusal(counters, refusal.refused);
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
    const now = this.#dependencies.now();
    this.#deadlines.touch(now);
    if (this.#lease.setLoggedIn(this.#client.session !== undefined)) this.#deadlines.restartLogIn(now);
    if (this.#held || this.#schedule.running === 0) this.#advance();
  }

  /** Answers the messages under way, refuses those that have not started as `shutting_down`, then closes. */
  stop(): void {
    this.#stopping = true;
    this.#held &&= stopped(this.#held);
    this.#advance();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes the connection if it has taken too long. Called at each sweep of the server. */
  expire(now: number): void {
    this.#countHeld();
    const overdue = this.#deadlines.overdue(now, {
      loggedIn: this.#client.session !== undefined,
      running: this.#schedule.running,
      slowSince: this.#outbox.slowSince,
      stopping: this.#stopping,
      closing: this.#closing,
    });
    if (overdue === 'linger') this.destroy();
    else if (overdue === 'slow_reader') this.#cutOff();
    else if (overdue === 'idle') {
      this.#dependencies.counters.timeouts++;
      this.#close();
    }
  }

  /** Closes the connection for another network's, if no message is under way. */
  #closeIdle(): boolean {
    if (this.#schedule.running > 0 || this.#held) return false;
    this.#dependencies.counters.connectionsEvicted++;
    this.#close();
    return true;
  }

  #close(): void {
    this.#closing = true;
    this.#advance();
  }

  /** Destroys the connection of a client that does not read: it would not read the reason either. */
  #cutOff(): void {
    this.#dependencies.counters.slowReaders++;
    this.destroy();
  }

  #cutOffForBytes(): void {
    this.#dependencies.counters.cutOff++;
    this.destroy();
  }

  /** Sends the remaining answers and ends this side. */
  #finish(): void {
    this.#closing = this.#finished = true;
    this.#outbox.end();
    // Input is still read, and dropped: a close with unread bytes resets the connection, which can lose the last
    // answer.
    this.#setPaused(false);
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }
}

function stopped({ bytes, id }: Message): Message {
  return refusedMessage(refuse('shutting_down', { retryAfterMs: STOPPED_RETRY_MS }), bytes, id);
}
