import { type Refusal, refuse } from '../errors.ts';
import type { Hmac, HmacAlgorithm } from './hmac.ts';
import { hotpMessage, truncate } from './hotp.ts';

/** An OCRASuite (RFC 6287 section 6): the inputs that a response covers, and how the response is truncated. */
export interface OcraSuite {
  /** The suite as written: the MAC covers it. */
  readonly text: string;
  readonly algorithm: HmacAlgorithm;
  /** 0: no truncation, the whole MAC in hex. */
  readonly digits: number;
  readonly counter: boolean;
  readonly question: { readonly format: 'A' | 'N' | 'H'; readonly lengthMax: number };
  readonly passwordHash: HmacAlgorithm | undefined;
  readonly sessionBytes: number | undefined;
  readonly timeStepS: number | undefined;
}

const SUITE =
  /^OCRA-1:HOTP-SHA(?<hash>1|256|512)-(?<digits>0|[4-9]|10):(?<counter>C-)?Q(?:(?<format>[ANH])(?<length>\d\d))?(?<password>-P(?:SHA(?<passwordHash>1|256|512))?)?(?<session>-S(?<sessionBytes>\d{3})?)?(?<time>-T(?:(?<size>[1-9]\d?)(?<unit>[SMH]))?)?$/;

const UNIT_SECONDS = new Map([
  ['S', 1],
  ['M', 60],
  ['H', 3600],
]);

/**
 * Parses an OCRASuite. A letter without its qualifier takes the default of section 6.3 (QN08, PSHA1, S064, T1M). Time
 * steps are 1 to 59 seconds or minutes, or 1 to 48 hours (errata 3729); session data is 1 to 512 bytes (section 5.1).
 * @returns `token_parameters_invalid` when the text is not a suite
 */
export function parseSuite(text: string): OcraSuite | Refusal {
  const groups = SUITE.exec(text)?.groups;
  if (!groups) return refuse('token_parameters_invalid', { detail: 'suite' });
  const { hash, digits, counter, format = 'N', length = '08', password, passwordHash = '1' } = groups;
  const { session, sessionBytes = '064', time, size = '1', unit = 'M' } = groups;

  const lengthMax = Number(length);
  const sessionBytesMax = Number(sessionBytes);
  const fits =
    lengthMax >= 4 &&
    lengthMax <= 64 &&
    sessionBytesMax >= 1 &&
    sessionBytesMax <= 512 &&
    Number(size) <= (unit === 'H' ? 48 : 59);
  if (!fits) return refuse('token_parameters_invalid', { detail: 'suite' });

  return {
    text,
    algorithm: `sha${hash}` as HmacAlgorithm,
    digits: Number(digits),
    counter: counter !== undefined,
    question: { format: format as 'A' | 'N' | 'H', lengthMax },
    passwordHash: password === undefined ? undefined : (`sha${passwordHash}` as HmacAlgorithm),
    sessionBytes: session === undefined ? undefined : sessionBytesMax,
    timeStepS: time === undefined ? undefined : Number(size) * (UNIT_SECONDS.get(unit) ?? 60),
  };
}

/** The inputs of a response: exactly those that the suite names. */
export interface OcraInput {
  readonly counter?: number;
  /** In mutual challenge-response, the other party's challenge and then one's own (section 7.2): up to twice the suite's length. */
  readonly question: string;
  /** The PIN's UTF-8 bytes, hashed by the suite's hash function. */
  readonly passwordHash?: Uint8Array;
  readonly sessionInformation?: Uint8Array;
  /** Whole time steps since 1970, of the suite's `timeStepS`. */
  readonly timeStep?: number;
}

const QUESTION_FORMS = { A: /^[0-9A-Za-z]+$/, N: /^[0-9]+$/, H: /^[0-9A-Fa-f]+$/ };
const HASH_BYTES = { sha1: 20, sha256: 32, sha512: 64 };
const QUESTION_BYTES = 128;

/** Whether a question has the suite's format and at most its length. `parties` 2: the questions of both parties joined. */
export function isQuestion(suite: OcraSuite, question: string, parties: 1 | 2 = 1): boolean {
  const { format, lengthMax } = suite.question;
  return question.length <= lengthMax * parties && QUESTION_FORMS[format].test(question);
}

/**
 * Returns the DataInput of section 5.1: suite ‖ 00 ‖ [C] ‖ Q ‖ [P] ‖ [S] ‖ [T].
 * @throws RangeError when an input is missing, is not in the suite, or has the wrong form or length
 */
export function ocraMessage(suite: OcraSuite, input: OcraInput): Uint8Array {
  const parts: Uint8Array[] = [new TextEncoder().encode(`${suite.text}\0`)];
  if (required(suite.counter, input.counter, 'counter')) parts.push(hotpMessage(input.counter ?? 0));
  parts.push(questionBytes(suite, input.question));

  const { passwordHash, sessionInformation } = input;
  if (
    required(suite.passwordHash !== undefined, passwordHash, 'password') &&
    passwordHash &&
    suite.passwordHash
  ) {
    if (passwordHash.length !== HASH_BYTES[suite.passwordHash])
      throw new RangeError('the password hash has another length');
    parts.push(passwordHash);
  }
  if (
    required(suite.sessionBytes !== undefined, sessionInformation, 'session information') &&
    sessionInformation
  ) {
    parts.push(sessionBytes(suite.sessionBytes ?? 0, sessionInformation));
  }
  if (required(suite.timeStepS !== undefined, input.timeStep, 'time step'))
    parts.push(hotpMessage(input.timeStep ?? 0));

  return concatenate(parts);
}

function required(wanted: boolean, given: unknown, name: string): boolean {
  if (wanted !== (given !== undefined))
    throw new RangeError(`the suite ${wanted ? 'needs a' : 'has no'} ${name}`);
  return wanted;
}

/** Returns the question's bytes, padded with zeros on the right to 128 bytes. A numeric question becomes hex first (appendix A). */
function questionBytes(suite: OcraSuite, question: string): Uint8Array {
  if (!isQuestion(suite, question, 2)) throw new RangeError('the question is not of the suite');
  const bytes = new Uint8Array(QUESTION_BYTES);
  if (suite.question.format === 'A') {
    bytes.set(new TextEncoder().encode(question));
    return bytes;
  }
  const hex = suite.question.format === 'N' ? BigInt(question).toString(16) : question;
  // The last of an odd number of hex digits fills the high half of its byte, as in the reference implementation.
  for (let i = 0; i < hex.length; i += 2)
    bytes[i / 2] = Number.parseInt(hex.slice(i, i + 2).padEnd(2, '0'), 16);
  return bytes;
}

function sessionBytes(length: number, information: Uint8Array): Uint8Array {
  if (information.length > length) throw new RangeError('the session information is too long');
  const bytes = new Uint8Array(length);
  bytes.set(information, length - information.length);
  return bytes;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Returns the response for a MAC of `ocraMessage`: truncated as in HOTP, or the whole MAC in lower-case hex for 0 digits. */
export function ocraResponse(suite: OcraSuite, mac: Uint8Array): string {
  if (suite.digits > 0) return truncate(mac, suite.digits);
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns the response that a token shows. @throws RangeError as `ocraMessage` does */
export function ocraCode(hmac: Hmac, suite: OcraSuite, key: Uint8Array, input: OcraInput): string {
  return ocraResponse(suite, hmac(suite.algorithm, key, ocraMessage(suite, input)));
}
