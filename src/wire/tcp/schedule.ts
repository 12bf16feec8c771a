import type { Limits } from '../../limits.ts';
import type { Message } from './message.ts';

/** What an answer says beyond what it repeats of its message. */
const ANSWER_BYTES = 320;
const RECEIPT_BYTES = 2_048;
const NONCE_BYTES = 68;

/**
 * Which messages of a connection may be under way together.
 *
 * What has no `id` is answered in order, one after the other. What has one runs beside anything but a barrier. Log-in,
 * log-out, resumption and registration are barriers: they wait for all before them, all after them wait. Messages
 * start in the order they came: one that must wait holds up those behind it.
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

  get running(): number {
    return this.#running;
  }

  /** @param unsentBytes not handed to the socket yet @param bufferedBytes with the socket, and not with the client */
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

/** The most an answer takes, reserved before its message starts: a thousand long answers must not be made at once. */
function answerBytes(message: Message): number {
  const bytes = ANSWER_BYTES + message.bytes;
  if (message.action === 'transaccion' && message.receipt) return bytes + RECEIPT_BYTES;
  return message.action === 'pet_transaccion' ? bytes + (message.count ?? 1) * NONCE_BYTES : bytes;
}
