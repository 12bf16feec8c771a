import { LIMITS, type Limits } from '../../limits.ts';
import type { Message } from './message.ts';

/** Bytes reserved for an answer beyond what it echoes from the message. */
const ANSWER_BYTES = 320;
const RECEIPT_BYTES = 2_048;
const NONCE_BYTES = 68;
const IDENTITY_BYTES = 2_048;
/** A line of the inbox: an id, a name that JSON may escape, a time and a length. */
const INBOX_LINE_BYTES = 1_024;

/**
 * Decides which messages of a connection may be under way together.
 *
 * Messages without an `id` are answered in order, one after another. A message with an `id` may run beside any message
 * but a barrier. Log-in, log-out, resumption and registration are barriers: they wait for all messages before them, and
 * all messages after them wait. Messages start in the order in which they arrived, so a message that must wait holds up
 * those behind it.
 */
export class Schedule {
  readonly #limits: Limits;
  #running = 0;
  #runningBytes = 0;
  #reservedBytes = 0;
  #inOrder = false;
  #barrier = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Bytes of the messages under way. */
  get runningBytes(): number {
    return this.#runningBytes;
  }

  get running(): number {
    return this.#running;
  }

  /** @param unsentBytes not handed to the socket yet @param bufferedBytes handed to the socket and not sent yet */
  mayStart(message: Message, unsentBytes: number, bufferedBytes: number): boolean {
    if (this.#running === 0 && unsentBytes === 0) return true;
    if (this.#barrier || (this.#running > 0 && isBarrier(message))) return false;
    if (message.id === undefined && this.#inOrder) return false;
    return (
      this.#running < this.#limits.pendingMessagesMax &&
      this.#runningBytes + message.bytes <= this.#limits.pendingBytesMax &&
      this.#reservedBytes + answerBytes(message) + unsentBytes + bufferedBytes <= this.#limits.outputBytesMax
    );
  }

  start(message: Message): void {
    this.#running++;
    this.#runningBytes += message.bytes;
    this.#reservedBytes += answerBytes(message);
    if (message.id === undefined) this.#inOrder = true;
    if (isBarrier(message)) this.#barrier = true;
  }

  settle(message: Message): void {
    this.#running--;
    this.#runningBytes -= message.bytes;
    this.#reservedBytes -= answerBytes(message);
    if (message.id === undefined) this.#inOrder = false;
    if (isBarrier(message)) this.#barrier = false;
  }
}

function isBarrier({ action }: Message): boolean {
  return action === 'login' || action === 'logout' || action === 'reanudar' || action === 'register';
}

/**
 * The most bytes that the answer can take. Reserved before the message starts, so that the sum of answers is bounded.
 */
function answerBytes(message: Message): number {
  const bytes = ANSWER_BYTES + message.bytes;
  if (message.action === 'transaccion' && message.receipt) return bytes + RECEIPT_BYTES;
  if (message.action === 'identidad') return bytes + IDENTITY_BYTES;
  if (message.action === 'mensaje') return bytes + LIMITS.messagePieceBytes;
  if (message.action === 'bandeja') return bytes + (message.limit ?? LIMITS.inboxPageSize) * INBOX_LINE_BYTES;
  return message.action === 'pet_transaccion' ? bytes + (message.count ?? 1) * NONCE_BYTES : bytes;
}
