import { LIMITS } from '../../limits.ts';
import { equalConstantTime } from '../constant-time.ts';
import type { TokenState } from '../user-state.ts';
import type { CodeVerdict } from './code.ts';
import type { Hmac, HmacAlgorithm, StepMac } from './hmac.ts';

/**
 * Encodes a counter as eight bytes, big-endian (RFC 4226 section 5.1). For TOTP the counter is the time step
 * (RFC 6238 section 4.2).
 * @throws RangeError unless it is a safe integer from 0
 */
export function hotpMessage(counter: number): Uint8Array {
  if (!Number.isSafeInteger(counter) || counter < 0) throw new RangeError('a counter is an integer from 0');
  const message = new Uint8Array(8);
  const view = new DataView(message.buffer);
  view.setUint32(0, Math.floor(counter / 2 ** 32));
  view.setUint32(4, counter % 2 ** 32);
  return message;
}

/**
 * Dynamic truncation (RFC 4226 section 5.3) to `digits` decimal digits. Does NOT check that `digits` is 1 to 10.
 * @throws RangeError when the MAC has fewer than 20 bytes
 */
export function truncate(mac: Uint8Array, digits: number): string {
  if (mac.length < 20) throw new RangeError('a MAC to truncate has 20 bytes or more');
  const offset = (mac[mac.length - 1] ?? 0) & 15;
  let number = (mac[offset] ?? 0) & 0x7f;
  for (let i = 1; i < 4; i++) number = (number << 8) | (mac[offset + i] ?? 0);
  return (number % 10 ** digits).toString().padStart(digits, '0');
}

export interface HotpParameters {
  readonly algorithm: HmacAlgorithm;
  readonly digits: number;
}

/** Returns the code that a token shows for a counter (RFC 4226 section 5). */
export function hotpCode(
  hmac: Hmac,
  key: Uint8Array,
  counter: number,
  { algorithm, digits }: HotpParameters,
): string {
  return truncate(hmac(algorithm, key, hotpMessage(counter)), digits);
}

/**
 * Returns the counters whose MACs `acceptHotp` needs: the next counter, `LIMITS.hotpLookAhead` more for codes that were
 * shown but not sent (RFC 4226 section 7.4), and the previous counter, which tells a replay from a wrong code.
 */
export function hotpCounters(state: TokenState | undefined): readonly number[] {
  const next = state?.last ?? 0;
  const first = Math.max(next - 1, 0);
  return Array.from({ length: next + LIMITS.hotpLookAhead + 1 - first }, (_, i) => first + i);
}

/**
 * Judges a code against the MACs of `hotpCounters`. Accepts no counter below the next one. Of several matching counters
 * it takes the nearest: skipping further would leave the token behind the server. Does NOT check the lockout.
 * @param candidates in ascending order
 * @param at ms since 1970
 */
export function acceptHotp(
  state: TokenState | undefined,
  submitted: string,
  candidates: readonly StepMac[],
  { digits, at }: { readonly digits: number; readonly at: number },
): CodeVerdict {
  const next = state?.last ?? 0;
  let accepted: number | undefined;
  let spent = false;
  for (const { step, mac } of candidates) {
    if (!equalConstantTime(truncate(mac, digits), submitted)) continue;
    if (step < next) spent = true;
    else accepted ??= step;
  }
  if (accepted === undefined) return spent ? 'spent' : 'wrong';
  return {
    accepted: { last: accepted + 1, drift: 0, uses: (state?.uses ?? 0) + 1, usedAt: at },
    step: accepted,
  };
}

/** Returns the counters whose MACs `resynchronise` needs: `LIMITS.hotpResyncWindow` from the next one, and one more. */
export function resyncCounters(state: TokenState | undefined): readonly number[] {
  const next = state?.last ?? 0;
  return Array.from({ length: LIMITS.hotpResyncWindow + 1 }, (_, i) => next + i);
}

/**
 * Finds the counter of a token that ran ahead, by two codes that it shows one after the other (RFC 4226 section 7.4).
 * Accepts no counter below the next one. Does NOT check the lockout.
 * @param candidates of `resyncCounters`, in ascending order without a gap
 * @returns undefined where the codes are not consecutive ones of the window
 */
export function resynchronise(
  state: TokenState | undefined,
  [first, second]: readonly [string, string],
  candidates: readonly StepMac[],
  { digits, at }: { readonly digits: number; readonly at: number },
): { readonly accepted: TokenState; readonly ahead: number } | undefined {
  const next = state?.last ?? 0;
  let found: number | undefined;
  let firstFits = false;
  for (const { step, mac } of candidates) {
    if (step < next) continue;
    const code = truncate(mac, digits);
    if (firstFits && equalConstantTime(code, second)) found ??= step;
    firstFits = equalConstantTime(code, first);
  }
  if (found === undefined) return undefined;
  return {
    accepted: { last: found + 1, drift: 0, uses: (state?.uses ?? 0) + 1, usedAt: at },
    ahead: found - 1 - next,
  };
}
