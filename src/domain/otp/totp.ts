import { LIMITS } from '../../limits.ts';
import { equalConstantTime } from '../constant-time.ts';
import type { TokenState } from '../user-state.ts';
import type { CodeVerdict } from './code.ts';
import type { Hmac, StepMac } from './hmac.ts';
import { type HotpParameters, hotpCode, truncate } from './hotp.ts';

export interface TotpParameters extends HotpParameters {
  readonly periodS: number;
}

/** Returns the number of whole periods since 1970 (RFC 6238 section 4.2, T0 = 0). */
export function timeStep(atMs: number, periodS: number): number {
  return Math.floor(atMs / (periodS * 1000));
}

/** Returns the code that a token with an exact clock shows. */
export function totpCode(hmac: Hmac, key: Uint8Array, atMs: number, parameters: TotpParameters): string {
  return hotpCode(hmac, key, timeStep(atMs, parameters.periodS), parameters);
}

/**
 * Returns the step that a token is expected to be at, given its learnt drift, and one step each way (RFC 6238
 * sections 5.2 and 6). Adds the same three steps around the server's own, so that a token whose clock was corrected
 * still matches.
 * @returns steps in ascending order
 */
export function driftedSteps(drift: number, atMs: number, periodS: number): readonly number[] {
  const now = timeStep(atMs, periodS);
  if (drift === 0 && now > 0) return [now - 1, now, now + 1];
  const steps = new Set<number>();
  for (const expected of [Math.max(now, 1), Math.max(now + drift, 1)]) {
    for (const step of [expected - 1, expected, expected + 1]) steps.add(step);
  }
  return [...steps].sort((a, b) => a - b);
}

/** Returns the step of `driftedSteps` at which a token with this drift is expected. */
export function expectedStep(drift: number, atMs: number, periodS: number): number {
  return Math.max(timeStep(atMs, periodS) + drift, 1);
}

/** Returns the drift of an accepted step in time steps, clamped to `LIMITS.driftStepsMax` each way (RFC 6238 section 6). */
export function learntDrift(step: number, atMs: number, periodS: number): number {
  const { driftStepsMax } = LIMITS;
  return Math.min(Math.max(step - timeStep(atMs, periodS), -driftStepsMax), driftStepsMax);
}

/**
 * Returns the time steps whose MACs `acceptTotp` needs. Used steps are among them, which tells a replay from a wrong code.
 *
 * Why: docs/DECISIONS.md#drifted-and-current-time-are-both-tried
 */
export function totpSteps(state: TokenState | undefined, atMs: number, periodS: number): readonly number[] {
  return driftedSteps(state?.drift ?? 0, atMs, periodS);
}

/**
 * Judges a code against the MACs of `totpSteps`. Never accepts the last accepted step or an earlier one again (RFC 6238
 * section 5.2). Of several matching steps it takes the latest, so that the same digits do not pass twice. Does NOT
 * check the lockout.
 * @param at ms since 1970
 */
export function acceptTotp(
  state: TokenState | undefined,
  submitted: string,
  candidates: readonly StepMac[],
  { digits, periodS, at }: { readonly digits: number; readonly periodS: number; readonly at: number },
): CodeVerdict {
  const last = state?.last ?? -1;
  let accepted = -1;
  let spent = false;
  for (const { step, mac } of candidates) {
    if (!equalConstantTime(truncate(mac, digits), submitted)) continue;
    if (step <= last) spent = true;
    else accepted = Math.max(accepted, step);
  }
  if (accepted < 0) return spent ? 'spent' : 'wrong';
  return {
    accepted: {
      last: accepted,
      drift: learntDrift(accepted, at, periodS),
      uses: (state?.uses ?? 0) + 1,
      usedAt: at,
    },
    step: accepted,
  };
}
