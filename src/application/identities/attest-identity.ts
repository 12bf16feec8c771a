import type { PublicKey } from '../../domain/identity/public-key.ts';
import { certificate, certificateToBeSigned, pem } from '../../domain/x509/certificate.ts';
import { LIMITS } from '../../limits.ts';
import type { NamedIdentity } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findIdentity } from './find-identity.ts';

const ATTESTATION_TYPE = 'sello-identity+jws';
/** RFC 5280 section 4.1.2.2: positive, and hard to foresee. */
const SERIAL_BYTES = 16;
/** An authority is valid a little longer than what it issues. */
const AUTHORITY_DAYS = 2;
const DAY_MS = 86_400_000;
/** A certificate counts from a little before, for clocks that are behind. */
const BACKDATED_MS = 300_000;

export interface CertifiedIdentity {
  /** PEM, one each. */
  readonly sign: string;
  readonly seal: string;
  readonly authority: string;
  /** ms since 1970 */
  readonly notAfter: number;
}

/**
 * States, signed by the server's key, whose keys are in force now: a compact JWS for a day, verified by
 * `/.well-known/jwks.json`. It says what the directory says, and how the keys were tied to the person.
 * @returns undefined where nobody of that name has any
 * @throws VaultUnavailable
 */
export async function attestIdentity(context: Context, username: string): Promise<string | undefined> {
  const found = await findIdentity(context, username);
  if (!found) return undefined;
  const { identity, index } = found;
  const iat = Math.floor(context.clock.now() / 1000);
  return signed(context, (kid) => {
    const header = { alg: 'ES256', kid, typ: ATTESTATION_TYPE };
    const claims = {
      ...{ iss: 'sello', sub: identity.username, iat, exp: iat + LIMITS.identityAttestedMs / 1000 },
      ...{ sign: identity.signKey, seal: identity.sealKey, level: identity.level },
      ...{ enrolled_at: Math.floor(identity.enrolledAt / 1000), index: index ?? null },
    };
    const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    return {
      message: Buffer.from(input.join('.')),
      finish: (signature) => `${input.join('.')}.${Buffer.from(signature).toString('base64url')}`,
    };
  });
}

/**
 * Certifies a user's keys in force for a day, for what takes X.509 alone, such as S/MIME and CMS. The authority is the
 * server's signing key. There are no revocation lists: a certificate ends by itself.
 * @returns undefined where nobody of that name has any
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#certificates-are-for-a-day
 */
export async function certifyIdentity(
  context: Context,
  username: string,
): Promise<CertifiedIdentity | undefined> {
  const { random, clock } = context;
  const found = await findIdentity(context, username);
  if (!found) return undefined;
  const { identity } = found;
  const now = clock.now();
  const notBefore = now - BACKDATED_MS;
  const notAfter = now + LIMITS.identityAttestedMs;
  const make = (use: 'sign' | 'seal' | 'authority', until: number) =>
    signed(context, (kid, authorityKey) => {
      const issuer = `Sello ${kid}`;
      const serial = random.bytes(SERIAL_BYTES);
      serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
      const toBeSigned = certificateToBeSigned({
        ...{ serial, issuer, notBefore, notAfter: until, use, authorityKey },
        subject: use === 'authority' ? issuer : identity.username,
        key: use === 'authority' ? authorityKey : keyOf(identity, use),
      });
      return { message: toBeSigned, finish: (signature) => pem(certificate(toBeSigned, signature)) };
    });
  const [sign, seal, authority] = [
    await make('sign', notAfter),
    await make('seal', notAfter),
    await make('authority', now + AUTHORITY_DAYS * DAY_MS),
  ];
  return { sign, seal, authority, notAfter };
}

function keyOf({ signJwk, sealJwk }: NamedIdentity, use: 'sign' | 'seal'): PublicKey {
  return JSON.parse(use === 'sign' ? signJwk : sealJwk) as PublicKey;
}

/** Signs by the active key, whose id and public part are in what is signed. */
async function signed(
  { vault }: Context,
  make: (
    kid: string,
    key: PublicKey,
  ) => { readonly message: Uint8Array; readonly finish: (signature: Uint8Array) => string },
): Promise<string> {
  // After a rotation between the two calls it is made again.
  for (let attempt = 0; attempt < 3; attempt++) {
    const [active] = await vault.publicKeys();
    if (!active) throw new Error('the vault has no signing key');
    const { kid, crv, kty, x, y } = active.jwk as unknown as PublicKey & { readonly kid: string };
    const { message, finish } = make(kid, { crv, kty, x, y });
    const [signature] = await vault.sign([message]);
    if (signature?.keyId === kid) return finish(signature.signature);
  }
  throw new Error('the signing key changed at each attempt');
}
