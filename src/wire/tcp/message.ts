import { type Refusal, refuse } from '../../domain/errors.ts';
import { Fields } from './fields.ts';
import { LINE_NOT_UTF8, LINE_TOO_LONG, type LineFault } from './line-reader.ts';
import { nestsDeeper } from './nesting.ts';
import type { TcpLimits } from './tcp-limits.ts';

/** One message, its types and its own bounds checked; what it says is for the use case to judge. */
export type Message = Envelope & Request;

interface Envelope {
  /** The client's `id` as JSON text, to be echoed. Messages that have one may be answered in another order. */
  readonly id: string | undefined;
  /** Bytes of its line. */
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
  /** Nothing to do but to answer why. */
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

/** Controls would be escaped to six bytes each: an echoed `id` must not push an answer over its bound. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Every line gives a message: one that cannot be read gives a refusal. Unknown keys are ignored. */
export function readMessage(line: string | LineFault, bytes: number, limits: TcpLimits): Message {
  if (line === LINE_TOO_LONG)
    return refusedMessage(refuse('line_too_long', { detail: `${limits.lineBytesMax} bytes` }));
  if (line === LINE_NOT_UTF8) return refusedMessage(refuse('json_invalid', { detail: 'UTF-8' }), bytes);
  if (nestsDeeper(line, limits.nestingDepthMax)) {
    return refusedMessage(refuse('json_invalid', { detail: `> ${limits.nestingDepthMax} { [` }), bytes);
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
  const fields = new Fields(value);
  const id = readId(fields, limits.idBytesMax);
  const request = readRequest(fields, limits);
  return { ...(fields.fault ? { action: 'refused', refusal: fields.fault } : request), id, bytes };
}

export function refusedMessage(refusal: Refusal, bytes = 0, id?: string): Message {
  return { action: 'refused', refusal, id, bytes };
}

function readRequest(fields: Fields, limits: TcpLimits): Request {
  const action = fields.string('accion');
  switch (action) {
    case 'transaccion':
      return readTransaction(fields, limits);
    case 'pet_transaccion':
      return { action, count: fields.optionalInteger('cantidad', 1, limits.challengesPerRequestMax) };
    case 'login':
      return {
        action,
        username: fields.string('username'),
        password: fields.string('password'),
        code: fields.optionalString('codigo'),
      };
    case 'register':
      return { action, username: fields.string('username'), password: fields.string('password') };
    case 'logout':
      return { action };
    case 'reanudar':
      return { action, secret: fields.string('sesion') };
    default:
      return { action: 'refused', refusal: refuse('action_unknown') };
  }
}

function readTransaction(fields: Fields, limits: TcpLimits): TransactionRequest {
  const idempotencyKey = fields.optionalString('idempotencia');
  if (idempotencyKey !== undefined && !fitsBytes(idempotencyKey, limits.idempotencyKeyBytesMax)) {
    fields.fault ??= refuse('message_invalid', {
      detail: `idempotencia: 1–${limits.idempotencyKeyBytesMax} bytes`,
    });
  }
  return {
    action: 'transaccion',
    data: fields.string('data'),
    mac: fields.optionalString('mac'),
    nonce: fields.optionalString('nonce'),
    code: fields.optionalString('codigo'),
    idempotencyKey,
    receipt: fields.optionalBoolean('recibo') ?? false,
  };
}

/** @returns the id as JSON text */
function readId(fields: Fields, bytesMax: number): string | undefined {
  const id = fields.value('id');
  if (id === undefined) return undefined;
  if (Number.isSafeInteger(id)) return String(id);
  if (typeof id === 'string' && id.isWellFormed() && Buffer.byteLength(id) <= bytesMax && !CONTROL.test(id)) {
    return JSON.stringify(id);
  }
  fields.fault ??= refuse('message_invalid', { detail: `id: ≤ ${bytesMax} bytes` });
  return undefined;
}

function fitsBytes(text: string, bytesMax: number): boolean {
  return text !== '' && text.length <= bytesMax && Buffer.byteLength(text) <= bytesMax;
}
