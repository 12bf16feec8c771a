import type { HmacAlgorithm } from '../../../../src/domain/otp/hmac.ts';
import { totpCode } from '../../../../src/domain/otp/totp.ts';
import { deviceHmac } from './hmac.ts';

export interface CodeParameters {
  readonly algorithm: HmacAlgorithm;
  readonly digits: number;
  readonly periodS: number;
}

export interface ShownCode {
  readonly code: string;
  /** Time until the code changes, above 0. Unit: ms */
  readonly leftMs: number;
  /** The next code, shown when it is close enough for a slow typist to prefer it. */
  readonly next: string | undefined;
}

/** The next code is shown when less time than this is left. */
const NEXT_SHOWN_MS = 15_000;

/** Computes the code that a token shows at a time (RFC 6238). @param atMs estimated server time, ms since 1970 */
export function shownCode(seed: Uint8Array, parameters: CodeParameters, atMs: number): ShownCode {
  const periodMs = parameters.periodS * 1000;
  const leftMs = periodMs - (atMs % periodMs);
  return {
    code: totpCode(deviceHmac, seed, atMs, parameters),
    leftMs,
    next: leftMs > NEXT_SHOWN_MS ? undefined : totpCode(deviceHmac, seed, atMs + leftMs, parameters),
  };
}

/** Groups a code by three digits, or by four if that leaves no single digit: `123 456`, `1234 5678`. */
export function groupedCode(code: string): string {
  const size = code.length % 3 === 1 || code.length === 8 ? 4 : 3;
  return code.match(new RegExp(`.{1,${size}}`, 'g'))?.join(' ') ?? code;
}
