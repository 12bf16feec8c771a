import { type Refusal, refuse } from '../errors.ts';
import type { Hmac, HmacAlgorithm } from './hmac.ts';
import { hotpMessage, truncate } from './hotp.ts';

/** An OCRASuite (RFC 6287 section 6): which inputs a response covers, and how it is cut. */
export interface OcraSuite {
  /** As written: it is part of what is authenticated. */
  readonly text: string;
  readonly algorithm: HmacAlgorithm;
  /** 0: the whole MAC, in hex. */
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
 * Reads a suite. A letter without its qualifier stands for section 6.3's default (QN08, PSHA1, S064, T1M); time steps
 * are 1 to 59 seconds or minutes or 1 to 48 hours (errata 3729), session data 1 to 512 bytes (section 5.1).
 * @returns `token_parameters_invalid` when it is none
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

/** What a suite asks for, and no more. */
export interface OcraInput {
  readonly counter?: number;
  /** In mutual challenge-response, the other side's challenge followed by one's own (section 7.2): up to twice the suite's length. */
  readonly question: string;
  /** The hash, by the suite's function, of the PIN in UTF-8. */
  readonly passwordHash?: Uint8Array;
  readonly sessionInformation?: Uint8Array;
  /** Whole time steps since 1970, of the suite's `timeStepS`. */
  readonly timeStep?: number;
}

const QUESTION_FORMS = { A: /^[0-9A-Za-z]+$/, N: /^[0-9]+$/, H: /^[0-9A-Fa-f]+$/ };
const HASH_BYTES = { sha1: 20, sha256: 32, sha512: 64 };
const QUESTION_BYTES = 128;

/** Is it a question of this suite's format, of at most its length (`parties` 2: both sides' together)? */
export function isQuestion(suite: OcraSuite, question: string, parties: 1 | 2 = 1): boolean {
  const { format, lengthMax } = suite.question;
  return question.length <= lengthMax * parties && QUESTION_FORMS[format].test(question);
}

/**
 * DataInput (section 5.1): suite ‖ 00 ‖ [C] ‖ Q ‖ [P] ‖ [S] ‖ [T].
 * @throws RangeError when an input is missing, not of the suite, or of a form or length that it has not
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

/** The question's hex form, filled with zeros on the right to 128 bytes. A number becomes hex first (appendix A). */
function questionBytes(suite: OcraSuite, question: string): Uint8Array {
  if (!isQuestion(suite, question, 2)) throw new RangeError('the question is not of the suite');
  const bytes = new Uint8Array(QUESTION_BYTES);
  if (suite.question.format === 'A') {
    bytes.set(new TextEncoder().encode(question));
    return bytes;
  }
  const hex = suite.question.format === 'N' ? BigInt(question).toString(16) : question;
  // An odd number of hex digits fills the high half of the last byte, as the reference implementation does.
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

/** The response for a MAC over `ocraMessage`: truncated as HOTP is, or whole in lower-case hex when the suite has 0 digits. */
export function ocraResponse(suite: OcraSuite, mac: Uint8Array): string {
  if (suite.digits > 0) return truncate(mac, suite.digits);
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The response that a token shows. @throws RangeError as `ocraMessage` does */
export function ocraCode(hmac: Hmac, suite: OcraSuite, key: Uint8Array, input: OcraInput): string {
  return ocraResponse(suite, hmac(suite.algorithm, key, ocraMessage(suite, input)));
}
