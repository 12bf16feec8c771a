import Type, { type Static } from 'typebox';
import type { Shown } from '../../application/codes/second-factor.ts';
import type { RefusalCode } from '../../domain/errors.ts';
import type { Site } from './dependencies.ts';
import { AuthenticationResponse, authenticationOf } from './passkey-schema.ts';
import { Code, closed, Nonce, RecoveryCode } from './schema.ts';

/** The members of a body by which a caller shows a token or passkey. */
export const SHOWN = {
  code: Type.Optional(Code),
  challenge: Type.Optional(Nonce),
  passkey: Type.Optional(AuthenticationResponse),
};

/** The same where an authenticator is enrolled. */
export const SHOWN_OR_RECOVERY = {
  ...SHOWN,
  recovery_code: Type.Optional(RecoveryCode),
};

const Body = closed(SHOWN_OR_RECOVERY);

/** What a route that asks for them may refuse. */
export const SHOWN_REFUSALS = [
  'code_required',
  'proof_required',
  'code_wrong',
  'code_spent',
  'locked',
  'passkey_refused',
  'challenge_unknown',
  'challenge_expired',
  'challenge_spent',
] as const satisfies readonly RefusalCode[];

export function shownOf(
  { code, challenge, passkey, recovery_code: recoveryCode }: Static<typeof Body>,
  site: Site,
): Shown {
  return {
    ...(recoveryCode === undefined ? {} : { recoveryCode }),
    ...(code === undefined ? {} : { code }),
    ...(challenge === undefined ? {} : { challenge }),
    ...(passkey === undefined
      ? {}
      : { passkey: { response: authenticationOf(passkey), relyingParty: site } }),
  };
}
