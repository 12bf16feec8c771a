import { equalConstantTime } from '../constant-time.ts';
import type { TokenState } from '../user-state.ts';
import type { CodeVerdict } from './code.ts';
import type { Hmac, StepMac, StepMessage } from './hmac.ts';
import { truncate } from './hotp.ts';
import { driftedSteps, expectedStep, learntDrift, timeStep } from './totp.ts';

/** The OCRA suite of bound codes (RFC 6287 section 6): six digits over a 32-byte question and the current minute. */
export const BOUND_SUITE = 'OCRA-1:HOTP-SHA256-6:QH64-T1M';

/** Of `BOUND_SUITE`. */
const DIGITS = 6;
const PERIOD_S = 60;
const QUESTION_AT = BOUND_SUITE.length + 1;
const TIME_AT = QUESTION_AT + 128;

const LENGTH = TIME_AT + 8;

const PREFIX = new TextEncoder().encode(`${BOUND_SUITE}\0`);

/**
 * Returns the messages whose MACs (HMAC-SHA256 under the token's seed) `acceptBoundCode` needs: what `ocraMessage` returns
 * for this suite and each step, in one allocation, because every authorisation makes them.
 * @param questionHex `boundQuestion` of the transaction
 * @throws RangeError when the question is not 64 hex digits
 */
export function boundCodeMessages(questionHex: string, steps: readonly number[]): readonly StepMessage[] {
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

/** Writes the step as eight bytes, big-endian: `hotpMessage`, in place. */
function writeStep(bytes: Uint8Array, offset: number, step: number): void {
  let rest = step;
  for (let i = offset + 7; i >= offset; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The value of a hex digit's character code. The low four bits of letters count from 1. */
function nibble(code: number): number {
  return (code & 15) + (code > 57 ? 9 : 0);
}

/** Returns the time steps whose codes are accepted, in ascending order. */
export function boundCodeSteps(drift: number, atMs: number): readonly number[] {
  return driftedSteps(drift, atMs, PERIOD_S);
}

/** Returns the step of `boundCodeSteps` at which a token with this drift is expected. */
export function expectedBoundCodeStep(drift: number, atMs: number): number {
  return expectedStep(drift, atMs, PERIOD_S);
}

/**
 * Judges a bound code against the MACs of `boundCodeMessages`. Does NOT detect a replay: the challenge in the question
 * does, because it is spent once. So several bound codes of one minute pass, each for its own transaction, and `last`
 * stays unchanged. Of several matching candidates it takes the latest: the step only tells the token's drift. Does NOT
 * check the lockout.
 * @param at ms since 1970
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

/** Returns the bound code that a token with an exact clock shows. @throws RangeError when the question is not 64 hex digits */
export function boundCode(hmac: Hmac, key: Uint8Array, questionHex: string, atMs: number): string {
  const [expected] = boundCodeMessages(questionHex, [timeStep(atMs, PERIOD_S)]);
  return expected ? truncate(hmac('sha256', key, expected.message), DIGITS) : '';
}
