import { acceptBoundCode, BOUND_SUITE, boundCodeMessages } from '../../domain/otp/bound-code.ts';
import type { CodeVerdict } from '../../domain/otp/code.ts';
import type { StepMac, StepMessage } from '../../domain/otp/hmac.ts';
import { acceptHotp, hotpCounters, hotpMessage } from '../../domain/otp/hotp.ts';
import { acceptTotp, totpSteps } from '../../domain/otp/totp.ts';
import type { TokenState } from '../../domain/user-state.ts';
import type { TokenRow } from '../../ports/store.ts';

/**
 * The messages whose MACs (by the token's seed) are needed to judge a code of this token.
 * @param question of an `ocra` token's code, in hex (RFC 6287); without one its code cannot be judged
 * @returns in ascending order of step; empty where no code of this token can fit
 */
export function codeMessages(
  token: TokenRow,
  state: TokenState | undefined,
  question: string | undefined,
  at: number,
): readonly StepMessage[] {
  switch (token.type) {
    case 'ocra':
      return question === undefined || token.suite !== BOUND_SUITE
        ? []
        : boundCodeMessages(question, at, state?.drift ?? 0);
    case 'totp':
      return totpSteps(state, at, token.periodS).map((step) => ({ step, message: hotpMessage(step) }));
    case 'hotp':
      return hotpCounters(state).map((step) => ({ step, message: hotpMessage(step) }));
  }
}

/** Judges a code against the MACs of `codeMessages`. Does not check that the token is active. */
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
