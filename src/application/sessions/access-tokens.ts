import { hash } from 'node:crypto';
import { type CryptoKey, errors, importJWK, type JWSHeaderParameters, jwtVerify } from 'jose';
import type { Role, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { User } from '../users/user.ts';
import { findValidSession, type Session, sessionOf } from './session.ts';

const ISSUER = 'sello';
const AUDIENCE = 'sello-api';
const CLIENT = 'sello';
const JTI_BYTES = 16;
const ALGORITHM = 'ES256';
const TYPE = 'at+jwt';
const SIGNATURE_BYTES = 64;
const TTL_MS = 900_000;
const TOKEN_BYTES_MAX = 2_048;
const VERIFIED_MAX = 16_384;

export interface AccessToken {
  readonly token: string;
  /** ms since 1970 */
  readonly expiresAt: number;
}

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Required by RFC 9068 section 2.2; this API has no other clients. */
  readonly client_id: string;
  readonly jti: string;
  readonly uid: UserId;
  readonly sid: string;
  readonly role: Role;
  /** RFC 9068 section 2.2.3: the kind of the session. */
  readonly scope: Session['kind'];
  readonly iat: number;
  readonly exp: number;
}

/**
 * Issues and verifies access tokens (RFC 9068, ES256), each of which carries a session for fifteen minutes. Every use
 * checks that the session still holds, so a log-out takes effect at once.
 * Why jose verifies and the vault signs: docs/DECISIONS.md#jose-verifies-access-tokens-nodecrypto-receipts
 */
export class AccessTokens {
  readonly #context: Context;
  readonly #keys = new Map<string, CryptoKey>();
  /** Claims of verified tokens by the token's hash, so that a signature is verified once and not at each request. */
  readonly #verified = new Map<string, Claims>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @throws VaultUnavailable */
  async issue(session: Session): Promise<AccessToken> {
    const { vault, decider, random } = this.#context;
    const iat = Math.floor(decider.now() / 1000);
    const exp = Math.min(iat + TTL_MS / 1000, Math.floor(session.expiresAt / 1000));
    const claims: Claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: session.username,
      client_id: CLIENT,
      jti: Buffer.from(random.bytes(JTI_BYTES)).toString('base64url'),
      uid: session.userId,
      sid: session.sessionId,
      role: session.role,
      scope: session.kind,
      iat,
      exp,
    };
    for (let attempt = 0; attempt < 3; attempt++) {
      const [active] = await vault.publicKeys();
      const kid = active?.jwk.kid;
      const input = `${encode({ alg: ALGORITHM, kid, typ: TYPE })}.${encode(claims)}`;
      const [signed] = await vault.sign([Buffer.from(input, 'ascii')]);
      if (signed && signed.keyId === kid) {
        const signature = Buffer.from(signed.signature).toString('base64url');
        const token = `${input}.${signature}`;
        this.#remember(idOf(token), claims);
        return { token, expiresAt: exp * 1000 };
      }
    }
    throw new Error('the signing key changed at each attempt');
  }

  /**
   * The session of a token that was verified before and whose user is in memory. Costs one hash.
   * @returns undefined when that is not known here: `verify` decides
   */
  recall(token: string): Session | undefined {
    if (token.length > TOKEN_BYTES_MAX) return undefined;
    const claims = this.#verified.get(idOf(token));
    const user = claims && this.#context.userCache.get(claims.uid);
    return user && this.#sessionOf(user, claims);
  }

  /** Whether this server has issued or verified the token. */
  knows(token: string): boolean {
    return this.#verified.has(idOf(token));
  }

  /**
   * @returns undefined for a token that is forged, expired or for another purpose, or whose session does not hold
   * @throws VaultUnavailable when a key is needed that is not known here yet
   */
  async verify(token: string): Promise<Session | undefined> {
    if (token.length > TOKEN_BYTES_MAX) return undefined;
    const { decider, userCache } = this.#context;
    const id = idOf(token);
    const verified = this.#verified.get(id);
    const claims = verified ?? (await this.#verifyClaims(token));
    if (!claims) return undefined;
    if (claims.exp * 1000 <= decider.now()) {
      this.#verified.delete(id);
      return undefined;
    }
    if (!verified) this.#remember(id, claims);
    const known = userCache.get(claims.uid);
    const session = known && this.#sessionOf(known, claims);
    if (session) return session;
    const user = await userCache.reload(claims.uid);
    return user && this.#sessionOf(user, claims);
  }

  #remember(id: string, claims: Claims): void {
    this.#verified.set(id, claims);
    if (this.#verified.size > VERIFIED_MAX) this.#verified.delete(this.#verified.keys().next().value ?? '');
  }

  /** The session as it is now: role and kind are the current ones, not those at the time of signing. */
  #sessionOf(user: User, { sid, scope, exp }: Claims): Session | undefined {
    const at = this.#context.decider.now();
    const row = exp * 1000 > at ? findValidSession(user, sid, at) : undefined;
    if (!row || row.proof === 'code_omitted' || (scope !== undefined && scope !== row.kind)) return undefined;
    return { ...sessionOf(user, row), expiresAt: exp * 1000 };
  }

  /**
   * Verifies the token by itself: the key that it names, its signature, type, issuer, audience and expiry. Does NOT
   * check that its session holds.
   * @throws VaultUnavailable when a key is needed that is not known here yet
   */
  async #verifyClaims(token: string): Promise<Claims | undefined> {
    if (!hasCanonicalSignature(token)) return undefined;
    try {
      // Receipts are signed by the same keys: type and audience tell them apart.
      const { payload } = await jwtVerify<Claims>(token, (header) => this.#key(header), {
        ...{ algorithms: [ALGORITHM], typ: TYPE, issuer: ISSUER, audience: AUDIENCE },
        ...{ requiredClaims: ['exp'], currentDate: new Date(this.#context.decider.now()) },
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  async #key({ kid = '', crit }: JWSHeaderParameters): Promise<CryptoKey> {
    // This server issues no critical extensions; jose would accept those that it knows.
    if (crit !== undefined) throw new errors.JOSENotSupported('critical extensions');
    const known = this.#keys.get(kid);
    if (known) return known;
    const keys = await this.#context.vault.publicKeys();
    const named = keys.find(({ jwk }) => jwk.kid === kid);
    if (!named) throw new errors.JWKSNoMatchingKey();
    const key = (await importJWK({ ...named.jwk }, ALGORITHM)) as CryptoKey;
    this.#keys.set(kid, key);
    return key;
  }
}

/** base64url without padding or stray bits: otherwise one token would have several spellings, each cached anew. */
function hasCanonicalSignature(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  const bytes = Buffer.from(signature, 'base64url');
  return bytes.length === SIGNATURE_BYTES && bytes.toString('base64url') === signature;
}

function idOf(token: string): string {
  return hash('sha256', token, 'base64');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
