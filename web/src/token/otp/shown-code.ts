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
  /** Until it changes, in ms: above 0. */
  readonly leftMs: number;
  /** The one after it, once it is soon enough for a slow typist to prefer it. */
  readonly next: string | undefined;
}

/** From here on the next code is shown beside the present one. */
const NEXT_SHOWN_MS = 15_000;

/** What a token shows at a moment (RFC 6238). @param atMs the server's time as well as it is known, ms since 1970 */
export function shownCode(seed: Uint8Array, parameters: CodeParameters, atMs: number): ShownCode {
  const periodMs = parameters.periodS * 1000;
  const leftMs = periodMs - (atMs % periodMs);
  return {
    code: totpCode(deviceHmac, seed, atMs, parameters),
    leftMs,
    next: leftMs > NEXT_SHOWN_MS ? undefined : totpCode(deviceHmac, seed, atMs + leftMs, parameters),
  };
}

/** In groups of three, or of four where that leaves no single digit: `123 456`, `1234 5678`. */
export function groupedCode(code: string): string {
  const size = code.length % 3 === 1 || code.length === 8 ? 4 : 3;
  return code.match(new RegExp(`.{1,${size}}`, 'g'))?.join(' ') ?? code;
}
