import { type Refusal, refuse } from '../../domain/errors.ts';
import { type PublicKey, thumbprintOf } from '../../domain/identity/public-key.ts';
import { LIMITS } from '../../limits.ts';
import type { IdentitySecretsRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { identityKeyOwner } from '../keys/key-owner.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';

export interface OfferedKeys {
  readonly signJwk: PublicKey;
  readonly sealJwk: PublicKey;
}

/**
 * Makes keys of messages in the vault for a user who has no device for them. They are offered: nothing is sealed to them, and
 * nothing is signed by them, until the user enrols them by a code over both (`enrolIdentity`). New ones replace those offered
 * before.
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#identity-keys-in-the-vault-are-wrapped-and-kept-in-the-store
 */
export async function offerVaultKeys(
  { vault, rateLimiter, decider }: Context,
  { userId, sessionId }: Session,
): Promise<OfferedKeys | Refusal> {
  const { identitiesPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await rateLimiter.take(`identity-offer/${userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const [sign, seal] = [
    await vault.generateKeyPair('sign', identityKeyOwner(userId, 'sign')),
    await vault.generateKeyPair('seal', identityKeyOwner(userId, 'seal')),
  ];
  const [signJwk, sealJwk] = [jwkOf(sign.publicPoint), jwkOf(seal.publicPoint)];
  const [signKey, sealKey] = [thumbprintOf(signJwk), thumbprintOf(sealJwk)];
  const { result } = await decider.submit<OfferedKeys | Refusal>({
    userId,
    decide: (user, { at }) => {
      if (!user || !isSessionValid(user, sessionId, at)) return { result: refuse('session_ended') };
      const secrets: IdentitySecretsRow = {
        ...{ userId, signKey, sealKey, version: 0, madeAt: at },
        ...{ signWrapped: sign.wrapped, sealWrapped: seal.wrapped },
      };
      return {
        result: { signJwk, sealJwk },
        draft: {
          type: 'identity.offered',
          detail: { seal: sealKey, sign: signKey },
          state: user.state,
          rows: [{ kind: 'identity_secrets.insert', secrets }],
        },
      };
    },
  });
  return result;
}

/** @param point uncompressed: 04, x, y */
function jwkOf(point: Uint8Array): PublicKey {
  const bytes = Buffer.from(point);
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map((half) => half.toString('base64url'));
  return { crv: 'P-256', kty: 'EC', x: x ?? '', y: y ?? '' };
}
