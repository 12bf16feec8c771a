import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isRefusal, type Refusal, refuse } from '../domain/errors.ts';
import { type MessageEnvelope, readEnvelope } from '../domain/messages/read-sealed-message.ts';
import { LIMITS } from '../limits.ts';
import { parseBody } from './json-body.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
/** What is left of a message without its ciphertext: headers, and recipients of some 400 bytes each. */
const REST_BYTES_MAX = 4_194_304;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

export interface ReadMessage {
  readonly envelope: MessageEnvelope;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly digest: string;
}

/**
 * Reads a sealed message as a relay may: its envelope, exactly in the form described (`readEnvelope`), and the letters of its
 * ciphertext. The ciphertext, nearly all of it, is cut out before the rest is parsed, so no copy of it is made; long ones are
 * looked at in slices, with other work between.
 */
export async function readMessage(bytes: Buffer): Promise<ReadMessage | Refusal> {
  const { messageBytesMax } = LIMITS;
  if (bytes.length > messageBytesMax) return refuse('line_too_long', { detail: `${messageBytesMax} bytes` });
  const cut = findCiphertext(bytes);
  if (!cut) return refuse('message_form_invalid', { detail: 'a JWE in General JSON with a ciphertext' });
  const { start, end } = cut;
  if (bytes.length - (end - start) > REST_BYTES_MAX)
    return refuse('message_form_invalid', { detail: 'headers or recipients too long' });
  const parsed = parseBody(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]));
  if (isRefusal(parsed)) return parsed;
  const envelope = readEnvelope(parsed.value);
  if ('fault' in envelope) {
    const { fault: detail } = envelope;
    return refuse(envelope.tooMany ? 'recipients_too_many' : 'message_form_invalid', { detail });
  }
  const isText = await isBase64url(bytes.subarray(start, end));
  if (!isText) return refuse('message_form_invalid', { detail: 'ciphertext: base64url' });
  return { envelope, digest: await digestOf(bytes) };
}

/**
 * Finds the value of the top-level member `ciphertext`, without its quotation marks.
 * @returns undefined where there is none, or none without an escape
 */
function findCiphertext(bytes: Buffer): { readonly start: number; readonly end: number } | undefined {
  let depth = 0;
  let isNext = false;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case BRACE_OPEN:
      case BRACKET_OPEN:
        depth++;
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        depth--;
        break;
      case QUOTE: {
        const start = at + 1;
        const end = stringEnd(bytes, start);
        if (end === undefined) return undefined;
        if (isNext) return { start, end };
        isNext =
          depth === 1 &&
          bytes.toString('latin1', start, Math.min(end, start + 11)) === 'ciphertext' &&
          isName(bytes, end);
        at = end;
        break;
      }
    }
  }
  return undefined;
}

/** @returns the index of the quotation mark that ends the string begun at `start` */
function stringEnd(bytes: Buffer, start: number): number | undefined {
  for (let end = bytes.indexOf(QUOTE, start); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return undefined;
}

/** Whether a colon follows the string that ends there, so that it is a name. */
function isName(bytes: Buffer, end: number): boolean {
  let at = end + 1;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  return bytes[at] === COLON;
}

async function isBase64url(bytes: Buffer): Promise<boolean> {
  const { messageBytesPerTurn } = LIMITS;
  // One character left over would be six bits of no byte.
  if (bytes.length === 0 || bytes.length % 4 === 1) return false;
  for (let from = 0; from < bytes.length; from += messageBytesPerTurn) {
    if (from > 0) await setImmediate();
    const to = Math.min(from + messageBytesPerTurn, bytes.length);
    if (!BASE64URL.test(bytes.toString('latin1', from, to))) return false;
  }
  return true;
}

async function digestOf(bytes: Buffer): Promise<string> {
  const { messageBytesPerTurn } = LIMITS;
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += messageBytesPerTurn) {
    if (from > 0) await setImmediate();
    hash.update(bytes.subarray(from, from + messageBytesPerTurn));
  }
  return hash.digest('hex');
}
