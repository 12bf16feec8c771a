import {
  acceptBoundCode,
  BOUND_SUITE,
  boundCodeMessages,
  boundCodeSteps,
  expectedBoundCodeStep,
} from '../../domain/otp/bound-code.ts';
import type { CodeVerdict } from '../../domain/otp/code.ts';
import type { StepMac, StepMessage } from '../../domain/otp/hmac.ts';
import { acceptHotp, hotpCounters, hotpMessage } from '../../domain/otp/hotp.ts';
import { acceptTotp, expectedStep, totpSteps } from '../../domain/otp/totp.ts';
import type { TokenState } from '../../domain/user-state.ts';
import type { TokenRow } from '../../ports/store.ts';

/** The steps or counters at which a code of a token can fit, each list in ascending order. */
export interface CodeSteps {
  /** A code that fits one of these is judged as if all had been looked at. */
  readonly likely: readonly number[];
  readonly others: readonly number[];
}

/**
 * Returns the steps at which a code of this token can fit. The likely ones decide a match alone:
 *
 * - `hotp`: the next counter, because the nearest match counts;
 * - `totp`: the expected step and the later ones, because the latest match counts;
 * - `ocra`: the expected step. A match tells no more than the token's drift.
 *
 * Why: docs/DECISIONS.md#likely-steps-are-tried-first
 */
export function codeSteps(token: TokenRow, state: TokenState | undefined, at: number): CodeSteps {
  const drift = state?.drift ?? 0;
  switch (token.type) {
    case 'hotp': {
      const next = state?.last ?? 0;
      return split(hotpCounters(state), (counter) => counter === next);
    }
    case 'totp': {
      const expected = expectedStep(drift, at, token.periodS);
      return split(totpSteps(state, at, token.periodS), (step) => step >= expected);
    }
    case 'ocra': {
      const expected = expectedBoundCodeStep(drift, at);
      return split(boundCodeSteps(drift, at), (step) => step === expected);
    }
  }
}

function split(steps: readonly number[], isLikely: (step: number) => boolean): CodeSteps {
  const likely: number[] = [];
  const others: number[] = [];
  for (const step of steps) (isLikely(step) ? likely : others).push(step);
  return { likely, others };
}

/** Whether a code of this token can be judged over this question: only an `ocra` token's needs one. */
export function takesQuestion(token: TokenRow, question: string | undefined): boolean {
  return token.type !== 'ocra' || (question !== undefined && token.suite === BOUND_SUITE);
}

/**
 * The messages whose MACs (by the token's seed) are needed to judge a code of this token at these steps.
 * @param question of an `ocra` token's code, in hex (RFC 6287)
 */
export function codeMessages(
  token: TokenRow,
  steps: readonly number[],
  question: string | undefined,
): readonly StepMessage[] {
  return token.type === 'ocra'
    ? boundCodeMessages(question ?? '', steps)
    : steps.map((step) => ({ step, message: hotpMessage(step) }));
}

/**
 * Judges a code against the MACs of `codeMessages`. Does not check that the token is active.
 * @param candidates in ascending order of step
 */
export function acceptCode(
  token: TokenRow,
  state: TokenState | undefined,
  code: string,
  candidates: readonly StepMac[],
  at: number,
): CodeVerdict {
  switch (token.type) {
    case 'ocra':
      return acceptBoundCode(state, code, candidates, at);
    case 'totp':
      return acceptTotp(state, code, candidates, { digits: token.digits, periodS: token.periodS, at });
    case 'hotp':
      return acceptHotp(state, code, candidates, { digits: token.digits, at });
  }
}
