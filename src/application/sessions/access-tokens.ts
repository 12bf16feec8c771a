import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Role, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { User } from '../users/user.ts';
import { heldSession, type Session, sessionOf } from './session.ts';

const ISSUER = 'sello';
const AUDIENCE = 'sello-api';
const CLIENT = 'sello';
const JTI_BYTES = 16;
const TYPE = 'at+jwt';
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
  /** RFC 9068 section 2.2 wants one: there are no clients but this API's own. */
  readonly client_id: string;
  readonly jti: string;
  readonly uid: UserId;
  readonly sid: string;
  readonly role: Role;
  /** RFC 9068 section 2.2.3: what the session is for. */
  readonly scope: Session['kind'];
  readonly iat: number;
  readonly exp: number;
}

/**
 * Access tokens (RFC 9068, ES256) that carry a session for fifteen minutes. A token is only as good as its session:
 * whether that still holds is asked at each use, so a log-out counts at once.
 */
export class AccessTokens {
  readonly #context: Context;
  readonly #keys = new Map<string, KeyObject>();
  /** By hash of the token: a signature is verified once, not at each of a client's requests. */
  readonly #verified = new Map<string, Claims>();

  constructor(context: Context) {
    this.#context = context;
  }

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
      const input = `${encode({ alg: 'ES256', kid, typ: TYPE })}.${encode(claims)}`;
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

  /** The session of a token that was verified before, while its user is in memory: costs a hash. @returns undefined: ask `verify` */
  recall(token: string): Session | undefined {
    if (token.length > TOKEN_BYTES_MAX) return undefined;
    const claims = this.#verified.get(idOf(token));
    const user = claims && this.#context.userCache.get(claims.uid);
    return user && this.#sessionOf(user, claims);
  }

  /** Whether it was issued or verified here. */
  knows(token: string): boolean {
    return this.#verified.has(idOf(token));
  }

  /** @returns undefined for a token that is forged, expired, for another purpose, or of a session that does not hold */
  async verify(token: string): Promise<Session | undefined> {
    if (token.length > TOKEN_BYTES_MAX) return undefined;
    const { decider, userCache } = this.#context;
    const id = idOf(token);
    const verified = this.#verified.get(id);
    const claims = verified ?? (await this.#verifySignature(token));
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

  /** The session as it holds now. Role and kind are those of now, not of when the token was signed. */
  #sessionOf(user: User, { sid, scope, exp }: Claims): Session | undefined {
    const at = this.#context.decider.now();
    const row = exp * 1000 > at ? heldSession(user, sid, at) : undefined;
    if (!row || row.proof === 'code_omitted' || (scope !== undefined && scope !== row.kind)) return undefined;
    return { ...sessionOf(user, row), expiresAt: exp * 1000 };
  }

  async #verifySignature(token: string): Promise<Claims | undefined> {
    const [header = '', payload = '', signature = '', more] = token.split('.', 4);
    if (more !== undefined) return undefined;
    const { alg, typ, kid, crit } = decode(header) ?? {};
    if (alg !== 'ES256' || typ !== TYPE || typeof kid !== 'string' || crit !== undefined) return undefined;
    const key = await this.#key(kid);
    const bytes = Buffer.from(signature, 'base64url');
    if (!key || bytes.length !== 64 || bytes.toString('base64url') !== signature) return undefined;
    const input = Buffer.from(`${header}.${payload}`, 'latin1');
    if (!verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, bytes)) return undefined;
    // Signed by this vault: the form is ours; the purpose must be checked, since receipts are signed by the same key.
    const claims = decode(payload) as Claims | undefined;
    return claims?.iss === ISSUER && claims.aud === AUDIENCE ? claims : undefined;
  }

  async #key(kid: string): Promise<KeyObject | undefined> {
    const known = this.#keys.get(kid);
    if (known) return known;
    for (const { jwk } of await this.#context.vault.publicKeys()) {
      if (jwk.kid === kid) {
        const key = createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' });
        this.#keys.set(kid, key);
        return key;
      }
    }
    return undefined;
  }
}

function idOf(token: string): string {
  return hash('sha256', token, 'base64');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
