import { hash } from 'node:crypto';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { PasskeyRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type Session, sessionHolds } from '../sessions/session.ts';

const ID_LENGTH = 16;

/** A passkey by a name that fits into a path; the credential's own id may be a thousand bytes long. */
export function shortPasskeyId({ credentialId }: Pick<PasskeyRow, 'credentialId'>): string {
  return hash('sha256', credentialId, 'hex').slice(0, ID_LENGTH);
}

/** The user's passkeys, the oldest first. */
export async function listPasskeys({ userCache }: Context, userId: UserId): Promise<readonly PasskeyRow[]> {
  return (await userCache.reload(userId))?.passkeys ?? [];
}

/** No log-in by it any more; sessions that it began go on. @returns nothing when it is done */
export async function deletePasskey(
  { decider }: Context,
  session: Session,
  shortId: string,
): Promise<Refusal | undefined> {
  const { result } = await decider.submit<Refusal | undefined>({
    userId: session.userId,
    decide: (user, { at }) => {
      if (!user || !sessionHolds(user, session.sessionId, at)) return { result: refuse('session_ended') };
      const passkey = user.passkeys.find((row) => shortPasskeyId(row) === shortId);
      if (!passkey) return { result: refuse('passkey_unknown') };
      const { credentialId } = passkey;
      return {
        result: undefined,
        draft: {
          type: 'token.revoked',
          detail: { method: 'passkey', passkey: shortId },
          state: user.state,
          rows: [{ kind: 'passkey.delete', userId: user.id, credentialId }],
        },
      };
    },
  });
  return result;
}

/** As WebAuthn knows the user: the id, which says nothing of the person. */
export function userHandleOf(userId: UserId): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(userId.toString(36), 'ascii'));
}

/** @returns undefined where it is none of ours; whether there is such a user has not been checked */
export function userIdOfHandle(handle: string | undefined): UserId | undefined {
  const text = Buffer.from(handle ?? '', 'base64url').toString('latin1');
  return /^[1-9a-z][0-9a-z]{0,10}$/.test(text) ? Number.parseInt(text, 36) : undefined;
}

/** WebAuthn's challenge: the bytes of a nonce, so that it needs no memory until it is spent. */
export function challengeOf(nonce: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(nonce, 'hex'));
}

/** @param clientData `clientDataJSON`, base64url @returns undefined where it has none: nothing of it was checked */
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

/** The site that passkeys are for (WebAuthn section 5.4.2): its origin, and its host as the relying party's id. */
export interface RelyingParty {
  /** `https://sello.example` */
  readonly origin: string;
}

export function relyingPartyIdOf({ origin }: RelyingParty): string {
  return new URL(origin).hostname;
}

export const PASSKEY_ALGORITHMS = [-7, -8, -257] as const;
