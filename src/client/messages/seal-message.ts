import { base64url, GeneralEncrypt, importJWK } from 'jose';
import {
  CONTENT_ENCRYPTION,
  KEY_ALGORITHM,
  type MessageClaims,
  SEALED_TYPE,
  SIGNED_TYPE,
  SIGNING_ALGORITHM,
} from '../../domain/messages/message-form.ts';
import type { Correspondent } from './identity-keys.ts';
import { type OwnKeys, signCompact } from './own-keys.ts';

export interface OutgoingMessage {
  /** The sender's user name. */
  readonly user: string;
  readonly keys: OwnKeys;
  readonly recipients: readonly Correspondent[];
  readonly content: Uint8Array;
  /** A media type. */
  readonly contentType: string;
  /** ms since 1970 */
  readonly now: number;
  readonly lifetimeMs: number;
  /** A new UUID; the server takes each once. */
  readonly id: string;
}

/** A message that was signed, not sealed: a compact JWS (RFC 7515), which proves to anybody who wrote it. */
export async function signMessage(message: OutgoingMessage): Promise<string> {
  const { user, keys, recipients, content, contentType, now, lifetimeMs, id } = message;
  const iat = Math.floor(now / 1000);
  const claims: MessageClaims = {
    iss: user,
    aud: recipients.map(({ sealKey }) => sealKey),
    jti: id,
    iat,
    exp: iat + Math.floor(lifetimeMs / 1000),
    cty: contentType,
    body: base64url.encode(content),
  };
  const header = { alg: SIGNING_ALGORITHM, kid: keys.signKey, typ: SIGNED_TYPE } as const;
  return signCompact(keys, header, new TextEncoder().encode(JSON.stringify(claims)));
}

/** Signs a message and seals it to its recipients: a JWE in General JSON (RFC 7516). */
export async function sealMessage(message: OutgoingMessage): Promise<string> {
  return sealSigned(await signMessage(message), message);
}

/** Seals what was signed. @param signed by `signMessage`, for the same recipients */
export async function sealSigned(
  signed: string,
  { recipients, id }: Pick<OutgoingMessage, 'recipients' | 'id'>,
): Promise<string> {
  const sealed = new GeneralEncrypt(new TextEncoder().encode(signed)).setProtectedHeader({
    enc: CONTENT_ENCRYPTION,
    jti: id,
    typ: SEALED_TYPE,
  });
  // For a single recipient jose puts `epk` into the protected header, where it is not expected: a second one, to a key that
  // is thrown away, keeps it beside its recipient, and is left out below.
  // Why: docs/DECISIONS.md#a-message-of-one-recipient-is-sealed-to-a-second-key-that-is-thrown-away
  const nobody = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, [
    'deriveBits',
  ]);
  for (const { sealJwk, sealKey } of recipients) {
    sealed
      .addRecipient(await importJWK(sealJwk, KEY_ALGORITHM))
      .setUnprotectedHeader({ alg: KEY_ALGORITHM, kid: sealKey });
  }
  if (recipients.length === 1)
    sealed.addRecipient(nobody.publicKey).setUnprotectedHeader({ alg: KEY_ALGORITHM });
  const { protected: header, recipients: all, iv, ciphertext, tag } = await sealed.encrypt();
  return JSON.stringify({
    protected: header,
    recipients: all.slice(0, recipients.length),
    iv,
    ciphertext,
    tag,
  });
}
