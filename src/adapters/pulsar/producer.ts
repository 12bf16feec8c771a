import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import { LIMITS, type Limits } from '../../limits.ts';
import { type OutgoingEvent, SinkFailure, type SinkSession } from '../../ports/event-sink.ts';
import type { PulsarAccess } from './admin-client.ts';
import { type Acknowledgement, producerMessage, readAcknowledgement } from './producer-message.ts';
import { SendWindow } from './send-window.ts';

/** For the closing handshake. */
const CLOSE_TIME_MS = 1_000;

export type ProducerLimits = Pick<
  Limits,
  | 'pulsarUnderWayMax'
  | 'pulsarUnderWayBytesMax'
  | 'pulsarMessageBytesMax'
  | 'pulsarAnswerTimeMs'
  | 'pulsarAcknowledgeTimeMs'
  | 'pulsarPingPeriodMs'
>;

export interface ProducerOptions {
  /** Of the producer, without its parameters. */
  readonly url: string;
  readonly name: string;
  /** The index of the first event to be sent. */
  readonly first: number;
  readonly access: PulsarAccess;
  readonly acknowledged: (index: number) => void;
  readonly failed: (failure: SinkFailure) => void;
  readonly limits?: Partial<ProducerLimits>;
}

/**
 * One producer of Pulsar's WebSocket API. The broker gives message n of a socket the sequence id `initialSequenceId + n`, so
 * this producer takes indexes without a gap, and sends none again: after any doubt the socket is dropped, and the next one
 * begins at the first event that is not acknowledged. What the topic has already is acknowledged with the id -1:-1: success.
 */
export class PulsarProducer implements SinkSession {
  readonly #socket: WebSocket;
  /** What carries it: held back while a page of events is written, so that they leave by one call of the system. */
  readonly #connection: Socket;
  readonly #options: ProducerOptions;
  readonly #limits: ProducerLimits;
  readonly #window: SendWindow;
  #expected: number;
  #hasRoom: (() => void) | undefined;
  #progressAt = performance.now();
  /** When the broker was heard last. */
  #heardAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #failed = false;

  private constructor(
    socket: WebSocket,
    connection: Socket,
    options: ProducerOptions,
    limits: ProducerLimits,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#options = options;
    this.#limits = limits;
    this.#expected = options.first;
    this.#window = new SendWindow({
      countMax: limits.pulsarUnderWayMax,
      bytesMax: limits.pulsarUnderWayBytesMax,
    });
  }

  /** @throws SinkFailure */
  static async open(options: ProducerOptions): Promise<PulsarProducer> {
    const limits = { ...LIMITS, ...options.limits };
    const query = new URLSearchParams({
      producerName: options.name,
      initialSequenceId: `${options.first - 1}`,
      // Without an end: a message that the broker gives up would leave a gap that deduplication hides.
      sendTimeoutMillis: '0',
      maxPendingMessages: `${limits.pulsarUnderWayMax * 2}`,
    });
    const { token, ca } = options.access;
    const socket = new WebSocket(`${options.url}?${query}`, {
      perMessageDeflate: false,
      handshakeTimeout: limits.pulsarAnswerTimeMs,
      maxPayload: LIMITS.pulsarAnswerBytesMax,
      followRedirects: false,
      ...(ca === undefined ? {} : { ca }),
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    });
    const connection = await new Promise<Socket>((resolve, reject) => {
      socket.once('upgrade', (response) => socket.once('open', () => resolve(response.socket)));
      socket.once('error', (error) => reject(unreachable(options.url, openingError(error))));
      socket.once('unexpected-response', (request, response) => {
        void refusalOf(options, request, response).then(reject);
      });
    });
    const producer = new PulsarProducer(socket, connection, options, limits);
    producer.#listen();
    return producer;
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    for (let sent = 0; sent < events.length; ) {
      while (this.#window.isFull && !this.#closed) await this.#room();
      if (this.#closed || this.#failed) return;
      this.#connection.cork();
      try {
        for (; sent < events.length && !this.#window.isFull; sent++)
          this.#sendOne(events[sent] as OutgoingEvent);
      } finally {
        this.#connection.uncork();
      }
    }
    while (this.#window.isFull && !this.#closed) await this.#room();
  }

  #sendOne(event: OutgoingEvent): void {
    if (event.index !== this.#expected) {
      throw new Error(`event ${event.index} was given where ${this.#expected} is next`);
    }
    const message = producerMessage(event);
    if (message.length > this.#limits.pulsarMessageBytesMax)
      throw this.#tooLarge(event.index, message.length);
    if (this.#window.size === 0) this.#progressAt = performance.now();
    this.#window.add(event.index, message.length);
    this.#expected = event.index + 1;
    this.#socket.send(message);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#wake();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#socket.once('close', () => resolve());
    if (this.#socket.readyState === WebSocket.CLOSED) resolve();
    // The broker lets the name go when it has read the closing frame; a socket that hangs is cut.
    this.#socket.close();
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_TIME_MS);
    await ended;
    clearTimeout(cut);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => {
      this.#heardAt = performance.now();
      if (!this.#closed && !this.#failed) this.#answered(isBinary ? '' : data.toString());
    });
    socket.on('pong', () => {
      this.#heardAt = performance.now();
    });
    socket.on('error', (error) => this.#fail(unreachable(this.#options.url, error.message)));
    socket.on('close', (code, reason) => {
      const text = `${code}${reason.length > 0 ? ` ${reason.toString()}` : ''}`;
      const large = code === 1009;
      this.#fail(
        large
          ? new SinkFailure(
              'event_too_large',
              `the broker takes no message of this size (${text}): raise its webSocketMaxTextFrameSize and maxMessageSize`,
            )
          : unreachable(this.#options.url, `the connection was closed (${text})`),
      );
    });
    const period = Math.min(this.#limits.pulsarPingPeriodMs, this.#limits.pulsarAcknowledgeTimeMs / 4);
    let pingAt = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (this.#window.size > 0 && now - this.#progressAt > this.#limits.pulsarAcknowledgeTimeMs) {
        this.#fail(
          new SinkFailure(
            'slow',
            `Pulsar acknowledged nothing for ${Math.round((now - this.#progressAt) / 1_000)} s, with ${this.#window.size} events under way`,
          ),
        );
      } else if (now - pingAt >= this.#limits.pulsarPingPeriodMs) {
        // A busy broker acknowledges before it answers a ping.
        if (this.#heardAt < pingAt)
          return this.#fail(unreachable(this.#options.url, 'a ping was not answered'));
        pingAt = now;
        socket.ping();
      }
    }, period).unref();
  }

  #answered(text: string): void {
    const answer = readAcknowledgement(text);
    const first = this.#window.first;
    const failure = answer ? doubtOf(answer, first) : refused('Pulsar answered what is no acknowledgement');
    if (failure || first === undefined) {
      this.#fail(failure ?? refused('Pulsar answered unasked'));
      return;
    }
    this.#window.removeFirst();
    this.#progressAt = performance.now();
    this.#options.acknowledged(first);
    if (this.#window.hasRoom) this.#wake();
  }

  #fail(failure: SinkFailure): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    clearInterval(this.#timer);
    this.#wake();
    this.#options.failed(failure);
  }

  #tooLarge(index: number, length: number): SinkFailure {
    return new SinkFailure(
      'event_too_large',
      `event ${index} is a message of ${length} characters, and Pulsar's WebSocket API takes ${this.#limits.pulsarMessageBytesMax}`,
    );
  }

  #room(): Promise<void> {
    if (this.#failed) return new Promise((resolve) => this.#socket.once('close', () => resolve()));
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  #wake(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }
}

function refused(why: string): SinkFailure {
  return new SinkFailure('refused', why);
}

/** What an answer says against going on, where `first` is the event whose answer is due. */
function doubtOf(
  { ok, index, problem }: Acknowledgement,
  first: number | undefined,
): SinkFailure | undefined {
  if (!ok && /InvalidMessage|too large|exceeds/i.test(problem)) {
    return new SinkFailure(
      'event_too_large',
      `Pulsar takes no event of this size, ${index ?? first}: raise its maxMessageSize (${problem})`,
    );
  }
  if (!ok) return refused(`Pulsar did not take event ${index ?? first}: ${problem}`);
  // Out of order is doubt: what was passed over may be lost, or its answer late.
  if (index !== first) return refused(`Pulsar acknowledged event ${index} where ${first ?? 'none'} was next`);
  return undefined;
}

function unreachable(url: string, why: string): SinkFailure {
  return new SinkFailure('unreachable', `Pulsar at ${new URL(url).origin}: ${why}`);
}

/** A broker that asks for tokens, and does not trust its own WebSocket service, leaves a handshake without an answer. */
function openingError({ message }: Error): string {
  return message === 'Opening handshake has timed out'
    ? `${message}: where it asks for tokens, the role of its WebSocket service belongs to proxyRoles in its configuration`
    : message;
}

/** Why the broker opened no producer. */
async function refusalOf(
  { name, url }: ProducerOptions,
  request: ClientRequest,
  response: IncomingMessage,
): Promise<SinkFailure> {
  const { statusCode: status = 0 } = response;
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      if (text.length > 8_192) break;
    }
  } catch {
    // The status says enough.
  }
  request.destroy();
  if (status === 409) {
    return new SinkFailure(
      'taken',
      `a producer named ${name} is connected already: another relay of this log, or one that was cut off, whose place the broker frees in a while`,
    );
  }
  if (status === 401 || status === 403) {
    return new SinkFailure(
      'unauthorised',
      `Pulsar answered ${status}: the token (pulsar.token_file) is missing, wrong, expired, or may not produce`,
    );
  }
  if (status === 404)
    return new SinkFailure(
      'misconfigured',
      'Pulsar answered 404: its WebSocket service is off (webSocketServiceEnabled=true) or this is not its web service',
    );
  const title = /<title>([^<]{0,300})/.exec(text)?.[1] ?? '';
  return unreachable(url, `${status} ${title}`.trim());
}
