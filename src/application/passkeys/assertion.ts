import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { PasskeyRow } from '../../ports/store.ts';
import { type RelyingParty, relyingPartyIdOf } from './passkeys.ts';

export interface Assertion {
  readonly response: AuthenticationResponseJSON;
  readonly relyingParty: RelyingParty;
}

/**
 * Verifies the assertion (WebAuthn section 7.2). Does NOT verify the nonce or compare the counter (`counts`).
 * @returns the authenticator's counter; undefined when the signature or anything that it covers is wrong
 */
export async function verifyAssertion(
  { response, relyingParty }: Assertion,
  { credentialId, publicKey }: PasskeyRow,
  nonce: string,
): Promise<number | undefined> {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: Buffer.from(nonce, 'hex').toString('base64url'),
      expectedOrigin: relyingParty.origin,
      expectedRPID: relyingPartyIdOf(relyingParty),
      credential: {
        id: credentialId,
        publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
        // The decision compares the counter: a repeated request carries the counter of the original log-in.
        counter: 0,
      },
      requireUserVerification: true,
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    return undefined;
  }
}

/** A counter that does not grow means a copied authenticator; one that stays 0 is not kept (WebAuthn section 6.1.1). */
export function counts(known: number, said: number): boolean {
  return said > known || (said === 0 && known === 0);
}
