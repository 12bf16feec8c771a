import { base64url } from 'jose';
import type { VaultUse } from '../../domain/identity/vault-uses.ts';
import {
  CONTENT_ENCRYPTION,
  KEY_ALGORITHM,
  type MessageReceiptClaims,
  RECEIPT_TYPE,
  SEALED_TYPE,
  type SealedMessage,
  SIGNING_ALGORITHM,
} from '../../domain/messages/message-form.ts';
import type { Correspondent } from './identity-keys.ts';
import { type MessageProblem, problem } from './message-problem.ts';
import { type OwnKeys, openerFor, openingUse, signatureUse, signCompact, signingInput } from './own-keys.ts';
import { type VerifiedMessage, verifySigned } from './verify-signed.ts';

export interface OpenedMessage extends VerifiedMessage {
  /** The JWS that was inside: it proves to anybody who wrote it. */
  readonly signed: string;
}

/**
 * Opens a sealed message offline: decrypts it by one's own key, verifies the sender's signature, and checks that the sender
 * meant these recipients and no others.
 * @param sender whose keys the caller believes (pinned-keys.ts)
 * @param at ms since 1970; undefined: whenever it was
 */
export async function openMessage(
  text: string,
  keys: OwnKeys,
  sender: Correspondent,
  at: number | undefined,
): Promise<OpenedMessage | MessageProblem> {
  const sealed = readSealed(text);
  if ('problem' in sealed) return sealed;
  const kids = sealed.recipients.map(({ header }) => header.kid);
  const own = sealed.recipients[kids.indexOf(keys.sealKey)];
  if (!own) return problem('not_for_these_keys');
  const { protected: header, iv, ciphertext, tag } = sealed;
  const open = await openerFor(keys, own);
  let signed: string;
  try {
    const plaintext = await open({ protected: header, iv, ciphertext, tag });
    signed = new TextDecoder('utf-8', { fatal: true }).decode(plaintext);
  } catch {
    return problem('altered');
  }
  const verified = await verifySigned(signed, sender, at);
  if ('problem' in verified) return verified;
  const { aud, jti } = verified.claims;
  if (!aud.includes(keys.sealKey)) return problem('not_addressed');
  if (jti !== sealed.jti) return problem('form_invalid', 'jti: another one inside');
  const meant = new Set(aud);
  if (meant.size !== kids.length || !kids.every((kid) => meant.has(kid))) return problem('recipients_differ');
  return { ...verified, signed };
}

/** The thumbprints of the keys that a message is sealed to, in their order. Nothing is verified. */
export function recipientsOf(text: string): readonly string[] | MessageProblem {
  const sealed = readSealed(text);
  return 'problem' in sealed ? sealed : sealed.recipients.map(({ header }) => header.kid);
}

/** @returns the message with the `jti` of its header, in the form described and no other */
function readSealed(text: string): (SealedMessage & { readonly jti: string }) | MessageProblem {
  const invalid = (detail: string) => problem('form_invalid', detail);
  let value: SealedMessage;
  try {
    value = JSON.parse(text) as SealedMessage;
  } catch {
    return invalid('JSON');
  }
  if (!hasMembers(value, ['ciphertext', 'iv', 'protected', 'recipients', 'tag'])) return invalid('members');
  const { recipients } = value;
  const fits =
    Array.isArray(recipients) &&
    recipients.length > 0 &&
    recipients.every(
      (recipient) =>
        hasMembers(recipient, ['encrypted_key', 'header']) &&
        hasMembers(recipient.header, ['alg', 'epk', 'kid']) &&
        recipient.header.alg === KEY_ALGORITHM,
    );
  if (!fits) return invalid('recipients');
  const header = readHeader(value.protected);
  if (!hasMembers(header, ['enc', 'jti', 'typ'])) return invalid('the protected header');
  const { enc, jti, typ } = header as Readonly<Record<string, unknown>>;
  if (enc !== CONTENT_ENCRYPTION || typ !== SEALED_TYPE || typeof jti !== 'string')
    return invalid('the protected header');
  return { ...value, jti };
}

function readHeader(encoded: unknown): object | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(base64url.decode(String(encoded)))) as object;
  } catch {
    return undefined;
  }
}

function hasMembers(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).sort().join() === names.join();
}

/** Signs the receipt of a message that was opened: a compact JWS, for its sender. @param sha256 of the JWE's bytes, hex */
export function signReceipt(
  user: string,
  keys: OwnKeys,
  { claims: { iss: from, jti } }: VerifiedMessage,
  { sha256, now }: { readonly sha256: string; readonly now: number },
): Promise<string> {
  const { header, payload } = receiptOf(keys.signKey, { user, from, jti, sha256, now });
  return signCompact(keys, header, payload);
}

/**
 * What the vault is asked for to open a message and to sign its receipt by one code. The receipt counts once the message was
 * opened and believed, and is sent only then.
 * @param from the sender, as the inbox says
 * @returns undefined where the message is not to these keys, or has not the form
 */
export async function openingUses(
  text: string,
  { signKey, sealKey }: Pick<OwnKeys, 'signKey' | 'sealKey'>,
  receipt: { readonly user: string; readonly from: string; readonly now: number },
): Promise<readonly VaultUse[] | undefined> {
  const sealed = readSealed(text);
  if ('problem' in sealed) return undefined;
  const own = sealed.recipients.find(({ header }) => header.kid === sealKey);
  if (!own) return undefined;
  const { jti } = sealed;
  const { header, payload } = receiptOf(signKey, { ...receipt, jti, sha256: await sha256Of(text) });
  return [openingUse(own.header.epk), await signatureUse(signingInput(header, payload))];
}

function receiptOf(
  kid: string,
  {
    user: iss,
    from: aud,
    jti,
    sha256,
    now,
  }: Readonly<Record<'user' | 'from' | 'jti' | 'sha256', string>> & { readonly now: number },
) {
  const claims: MessageReceiptClaims = { iss, aud, jti, sha256, iat: Math.floor(now / 1000) };
  return {
    header: { alg: SIGNING_ALGORITHM, kid, typ: RECEIPT_TYPE } as const,
    payload: new TextEncoder().encode(JSON.stringify(claims)),
  };
}

/** SHA-256 in lower-case hex. */
export async function sha256Of(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
