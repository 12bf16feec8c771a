import { equalConstantTime } from '../../domain/constant-time.ts';
import { hotpMessage, truncate } from '../../domain/otp/hotp.ts';
import { totpSteps } from '../../domain/otp/totp.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { TokenRow } from '../../ports/store.ts';
import { seedOwner } from '../keys/key-owner.ts';

/** What an authenticator app uses that ignores the parameters of an `otpauth` URI: the defaults of that form. */
const APP_DEFAULTS = { algorithm: 'sha1', digits: 6, periodS: 30 } as const;

/**
 * The MACs that tell whether a code comes from an app that ignored a waiting token's parameters; none for a token that
 * has the defaults, for there the code would fit.
 */
export function ignoredParameterEvidence(
  tokens: readonly TokenRow[],
  code: string,
  at: number,
): readonly MacRequest[] {
  const { algorithm, digits, periodS } = APP_DEFAULTS;
  if (code.length !== digits) return [];
  return tokens
    .filter(
      (token) =>
        token.type === 'totp' &&
        (token.algorithm !== algorithm || token.digits !== digits || token.periodS !== periodS),
    )
    .flatMap(({ userId, tokenId, seed: wrapped }) =>
      totpSteps(undefined, at, periodS).map((step) => ({
        owner: seedOwner(userId, tokenId),
        wrapped,
        algorithm,
        message: hotpMessage(step),
      })),
    );
}

/** Whether the code is one of those that an app with its defaults shows. Compares in constant time. */
export function ignoresParameters(code: string, macs: readonly (Uint8Array | undefined)[]): boolean {
  return macs.some((mac) => mac !== undefined && equalConstantTime(truncate(mac, APP_DEFAULTS.digits), code));
}
