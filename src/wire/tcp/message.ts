import { type Refusal, refuse } from '../../domain/errors.ts';
import { withoutBlanks } from '../../domain/otp/typed-code.ts';
import type { Limits } from '../../limits.ts';
import { LINE_NOT_UTF8, LINE_TOO_LONG, type LineFault } from '../../net/line-reader.ts';
import { type MessageSchemas, messageSchemas } from './message-schemas.ts';
import type { MessagingRequest } from './messaging-actions.ts';
import { nestsDeeper } from './nesting.ts';

/** One message. Types and the protocol's own bounds are checked; values (accounts, amounts, codes) are NOT. */
export type Message = Envelope & Request;

interface Envelope {
  /** The client's `id` as JSON text, to be echoed. Messages with an `id` may be answered out of order. */
  readonly id: string | undefined;
  /** Length of its line in bytes. */
  readonly bytes: number;
}

export type Request =
  | { readonly action: 'register'; readonly username: string; readonly password: string }
  | {
      readonly action: 'login';
      readonly username: string;
      readonly password: string;
      readonly code: string | undefined;
    }
  | { readonly action: 'pet_transaccion'; readonly count: number | undefined }
  | TransactionRequest
  | { readonly action: 'logout' }
  | { readonly action: 'reanudar'; readonly secret: string }
  | MessagingRequest
  /** The line could not be read, or may not be carried out. */
  | { readonly action: 'refused'; readonly refusal: Refusal };

export interface TransactionRequest {
  readonly action: 'transaccion';
  readonly data: string;
  readonly mac: string | undefined;
  readonly nonce: string | undefined;
  readonly code: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly receipt: boolean;
}

/** Reads each line into one message; an unreadable line into a message that is refused. Ignores unknown keys. */
export class MessageReader {
  readonly #limits: Limits;
  readonly #schemas: MessageSchemas;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#schemas = messageSchemas(limits);
  }

  /** @param bytes length of the line */
  read(line: string | LineFault, bytes: number): Message {
    const { lineBytesMax, nestingDepthMax } = this.#limits;
    if (line === LINE_TOO_LONG)
      return refusedMessage(refuse('line_too_long', { detail: `${lineBytesMax} bytes` }));
    if (line === LINE_NOT_UTF8) return refusedMessage(refuse('json_invalid', { detail: 'UTF-8' }), bytes);
    if (nestsDeeper(line, nestingDepthMax)) {
      return refusedMessage(refuse('json_invalid', { detail: `> ${nestingDepthMax} { [` }), bytes);
    }
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return refusedMessage(refuse('json_invalid'), bytes);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refusedMessage(refuse('message_invalid', { detail: '{ }' }), bytes);
    }
    // Removes inherited keys, so that a key such as `constructor` is not mistaken for a given one.
    Object.setPrototypeOf(value, null);
    const { envelope } = this.#schemas;
    if (!envelope.validator.Check(value)) return refusedMessage(invalid(envelope, value), bytes);
    const id = value.id === undefined ? undefined : JSON.stringify(value.id);
    return { ...this.#readRequest(value.accion, value), id, bytes };
  }

  #readRequest(action: string, value: object): Request {
    const { register, login, challenge, transaction, resume, identity, enrolment, inbox } = this.#schemas;
    switch (action) {
      case 'transaccion':
        return transaction.validator.Check(value)
          ? transactionRequest(value)
          : refused(invalid(transaction, value));
      case 'pet_transaccion':
        if (!challenge.validator.Check(value)) return refused(invalid(challenge, value));
        return { action, count: value.cantidad };
      case 'login':
        if (!login.validator.Check(value)) return refused(invalid(login, value));
        return { action, username: value.username, password: value.password, code: shownCode(value.codigo) };
      case 'register':
        if (!register.validator.Check(value)) return refused(invalid(register, value));
        return { action, username: value.username, password: value.password };
      case 'logout':
        return { action };
      case 'reanudar':
        return resume.validator.Check(value)
          ? { action, secret: value.sesion }
          : refused(invalid(resume, value));
      case 'identidad':
        if ('usuario' in value) {
          if (!identity.validator.Check(value)) return refused(invalid(identity, value));
          return { action, username: value.usuario };
        }
        if (!enrolment.validator.Check(value)) return refused(invalid(enrolment, value));
        return {
          action,
          signJwk: value.clave_firma,
          sealJwk: value.clave_sellado,
          code: withoutBlanks(value.codigo),
        };
      case 'mensaje':
        return this.#readMessage(action, value);
      case 'bandeja':
        if (!inbox.validator.Check(value)) return refused(invalid(inbox, value));
        return { action, limit: value.limite, after: value.desde };
      default:
        return refused(refuse('action_unknown'));
    }
  }

  #readMessage(action: 'mensaje', value: object): Request {
    const { sealed, piece, receipt } = this.#schemas;
    if ('jwe' in value) {
      return sealed.validator.Check(value) ? { action, jwe: value.jwe } : refused(invalid(sealed, value));
    }
    if ('acuse' in value) {
      if (!receipt.validator.Check(value)) return refused(invalid(receipt, value));
      return { action, messageId: value.mensaje_id, receipt: value.acuse };
    }
    if (!piece.validator.Check(value)) return refused(invalid(piece, value));
    return { action, messageId: value.mensaje_id, from: value.desde ?? 0 };
  }
}

export function refusedMessage(refusal: Refusal, bytes = 0, id?: string): Message {
  return { action: 'refused', refusal, id, bytes };
}

function refused(refusal: Refusal): Request {
  return { action: 'refused', refusal };
}

function invalid(schema: { fault(value: unknown): string }, value: object): Refusal {
  return refuse('message_invalid', { detail: schema.fault(value) });
}

/** An empty code is none: it must not count as a wrong one. */
function shownCode(codigo: string | undefined): string | undefined {
  return codigo === undefined ? undefined : withoutBlanks(codigo) || undefined;
}

interface TransactionMessage {
  readonly data: string;
  readonly mac?: string;
  readonly nonce?: string;
  readonly codigo?: string;
  readonly idempotencia?: string;
  readonly recibo?: boolean;
}

function transactionRequest({
  data,
  mac,
  nonce,
  codigo,
  idempotencia,
  recibo,
}: TransactionMessage): TransactionRequest {
  return {
    action: 'transaccion',
    data,
    mac,
    nonce,
    code: shownCode(codigo),
    idempotencyKey: idempotencia,
    receipt: recibo ?? false,
  };
}
