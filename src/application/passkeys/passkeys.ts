import { type Refusal, refuse } from '../../domain/errors.ts';
import type { PasskeyRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findValidSession, isProvenSince, type Session } from '../sessions/session.ts';
import { shortPasskeyId } from './short-passkey-id.ts';

/** The user's passkeys, the oldest first. */
export async function listPasskeys({ userCache }: Context, userId: UserId): Promise<readonly PasskeyRow[]> {
  return (await userCache.reload(userId))?.passkeys ?? [];
}

/**
 * Deletes a passkey: it can no longer log in. Sessions that it opened continue. The session must have shown an
 * authenticator freshly. @returns undefined when it is deleted
 */
export async function deletePasskey(
  { decider, settings }: Context,
  session: Session,
  shortId: string,
): Promise<Refusal | undefined> {
  const { result } = await decider.submit<Refusal | undefined>({
    userId: session.userId,
    decide: (user, { at }) => {
      const held = user && findValidSession(user, session.sessionId, at);
      if (!user || !held) return { result: refuse('session_ended') };
      const passkey = user.passkeys.find((row) => shortPasskeyId(row) === shortId);
      if (!passkey) return { result: refuse('passkey_unknown') };
      if (!isProvenSince(held, at, settings.proofTtlMs)) return { result: refuse('proof_required') };
      const { credentialId } = passkey;
      return {
        result: undefined,
        draft: {
          type: 'token.revoked',
          detail: { method: 'passkey', passkey: shortId },
          state: { ...user.state, hadToken: true },
          rows: [{ kind: 'passkey.delete', userId: user.id, credentialId }],
        },
      };
    },
  });
  return result;
}

/** The user handle (WebAuthn section 5.4.3): the user's id, which tells nothing about the person. */
export function userHandleOf(userId: UserId): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.toString(36), 'ascii'));
}

/** Reads a user handle. Does NOT check that there is such a user. @returns undefined where it is none of ours */
export function userIdOfHandle(handle: string | undefined): UserId | undefined {
  const text = Buffer.from(handle ?? '', 'base64url').toString('latin1');
  return /^[1-9a-z][0-9a-z]{0,10}$/.test(text) ? Number.parseInt(text, 36) : undefined;
}

/** The WebAuthn challenge: the bytes of a stateless nonce, so nothing is stored until it is spent. */
export function challengeOf(nonce: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(nonce, 'hex'));
}

/**
 * Reads the nonce from `clientDataJSON` (base64url). Checks nothing else in it.
 * @returns undefined where there is none
 */
export function nonceOfClientData(clientData: string): string | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(clientData, 'base64url').toString('utf8'));
    const challenge = (read as { readonly challenge?: unknown } | null)?.challenge;
    return typeof challenge === 'string' && challenge.length === 43
      ? Buffer.from(challenge, 'base64url').toString('hex')
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The site that passkeys belong to (WebAuthn section 5.4.2). Its host is the relying party's id.
 *
 * Why: docs/DECISIONS.md#passkeys-and-links-use-public_url
 */
export interface RelyingParty {
  /** `https://sello.example` */
  readonly origin: string;
}

export function relyingPartyIdOf({ origin }: RelyingParty): string {
  return new URL(origin).hostname;
}

export const PASSKEY_ALGORITHMS = [-7, -8, -257] as const;
