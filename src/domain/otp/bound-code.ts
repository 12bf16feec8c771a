import { equalConstantTime } from '../constant-time.ts';
import type { TokenState } from '../user-state.ts';
import type { CodeVerdict } from './code.ts';
import type { Hmac, StepMac, StepMessage } from './hmac.ts';
import { truncate } from './hotp.ts';
import { driftedSteps, learntDrift, timeStep } from './totp.ts';

/** The suite of bound codes (RFC 6287): six digits over a question of 32 bytes and the current minute. */
export const BOUND_SUITE = 'OCRA-1:HOTP-SHA256-6:QH64-T1M';

const DIGITS = 6;
const PERIOD_S = 60;
const QUESTION_AT = BOUND_SUITE.length + 1;
const TIME_AT = QUESTION_AT + 128;

const LENGTH = TIME_AT + 8;

const PREFIX = new TextEncoder().encode(`${BOUND_SUITE}\0`);

/** What `ocraMessage` gives for this suite and each step, in one allocation: they are made for each authorisation. */
function boundMessages(questionHex: string, steps: readonly number[]): readonly StepMessage[] {
  if (!/^[0-9a-f]{64}$/i.test(questionHex)) throw new RangeError('a question is 64 hex digits');
  const bytes = new Uint8Array(LENGTH * steps.length);
  bytes.set(PREFIX);
  for (let i = 0; i < 32; i++) {
    bytes[QUESTION_AT + i] =
      (nibble(questionHex.charCodeAt(2 * i)) << 4) | nibble(questionHex.charCodeAt(2 * i + 1));
  }
  return steps.map((step, index) => {
    const start = LENGTH * index;
    if (index > 0) bytes.copyWithin(start, 0, TIME_AT);
    writeStep(bytes, start + TIME_AT, step);
    return { step, message: bytes.subarray(start, start + LENGTH) };
  });
}

/** Eight bytes, the high one first: as `hotpMessage`, in place. */
function writeStep(bytes: Uint8Array, offset: number, step: number): void {
  let rest = step;
  for (let i = offset + 7; i >= offset; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The value of a hex digit: letters' low four bits count from 1. */
function nibble(code: number): number {
  return (code & 15) + (code > 57 ? 9 : 0);
}

/**
 * The messages whose MACs (HMAC-SHA256 with the token's seed) are needed to judge a bound code: for the minute that the
 * token is expected to be at, by the drift learnt, and one each way.
 * @param questionHex `boundQuestion` of the transaction
 */
export function boundCodeMessages(questionHex: string, atMs: number, drift: number): readonly StepMessage[] {
  return boundMessages(questionHex, driftedSteps(drift, atMs, PERIOD_S));
}

/**
 * Judges a bound code against the MACs of `boundCodeMessages`. The minute is no guard against a replay: that the
 * challenge in the question is spent once is, and is not checked here. So several in one minute pass, each for its own
 * transaction, and `last` stays as it is.
 */
export function acceptBoundCode(
  state: TokenState | undefined,
  submitted: string,
  candidates: readonly StepMac[],
  at: number,
): CodeVerdict {
  let accepted = -1;
  for (const { step, mac } of candidates) {
    if (equalConstantTime(truncate(mac, DIGITS), submitted)) accepted = Math.max(accepted, step);
  }
  if (accepted < 0) return 'wrong';
  return {
    accepted: {
      last: state?.last ?? 0,
      drift: learntDrift(accepted, at, PERIOD_S),
      uses: (state?.uses ?? 0) + 1,
      usedAt: at,
    },
    step: accepted,
  };
}

/** The bound code that a token with a right clock shows. */
export function boundCode(hmac: Hmac, key: Uint8Array, questionHex: string, atMs: number): string {
  const [expected] = boundMessages(questionHex, [timeStep(atMs, PERIOD_S)]);
  return expected ? truncate(hmac('sha256', key, expected.message), DIGITS) : '';
}
