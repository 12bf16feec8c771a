import { base64url, CompactSign, flattenedDecrypt, type JWK } from 'jose';
import type { EphemeralKey, VaultUse } from '../../domain/identity/vault-uses.ts';
import {
  CONTENT_ENCRYPTION,
  KEY_ALGORITHM,
  type SealedMessage,
  type SealedRecipient,
  type SIGNING_ALGORITHM,
} from '../../domain/messages/message-form.ts';
import type { IdentityKeys } from './identity-keys.ts';

/** What the vault answers to a use: of `sign` a signature, of `open` the key that wraps the content key. */
export type VaultAnswer = { readonly signature: Uint8Array } | { readonly key: Uint8Array };

/** A user's keys in the server's vault, which are used by a code each time. */
export interface VaultKeys {
  readonly signKey: string;
  readonly sealKey: string;
  /** @returns in the order of the uses. @throws what the server refuses */
  apply(uses: readonly VaultUse[]): Promise<readonly VaultAnswer[]>;
}

/** Keys that sign and open: on this device, or in the vault. */
export type OwnKeys = IdentityKeys | VaultKeys;

/** What is left of `KEY_ALGORITHM` once the vault has agreed on a key. */
const WRAPPING_ALGORITHM = 'A256KW';

/** Signs by ES256: a compact JWS (RFC 7515). @param header with `alg` ES256 */
export async function signCompact(
  keys: OwnKeys,
  header: { readonly alg: typeof SIGNING_ALGORITHM; readonly kid: string; readonly typ: string },
  payload: Uint8Array,
): Promise<string> {
  if ('sign' in keys) return new CompactSign(payload).setProtectedHeader(header).sign(keys.sign.privateKey);
  const input = signingInput(header, payload);
  const [answer] = await keys.apply([await signatureUse(input)]);
  if (!answer || !('signature' in answer)) throw new Error('the vault answered no signature');
  return `${input}.${base64url.encode(answer.signature)}`;
}

/** What a recipient's part of a JWE does not hold. */
export type SharedParts = Omit<SealedMessage, 'recipients'>;

/**
 * Prepares the opening of a JWE as one of its recipients: asks the vault, where it holds the keys.
 * @returns a function that opens it, and throws where it does not open
 * @throws what the server refuses
 */
export async function openerFor(
  keys: OwnKeys,
  { header, encrypted_key }: SealedRecipient,
): Promise<(content: SharedParts) => Promise<Uint8Array>> {
  const contentEncryptionAlgorithms = [CONTENT_ENCRYPTION];
  if ('seal' in keys) {
    const options = { keyManagementAlgorithms: [KEY_ALGORITHM], contentEncryptionAlgorithms };
    return async (content) =>
      (
        await flattenedDecrypt(
          { ...content, header: { ...header }, encrypted_key },
          keys.seal.privateKey,
          options,
        )
      ).plaintext;
  }
  const [answer] = await keys.apply([openingUse(header.epk)]);
  if (!answer || !('key' in answer)) throw new Error('the vault answered no key');
  // The recipient's header is not authenticated, and what it names has been done: only the unwrapping is left.
  const unwrapping = { header: { alg: WRAPPING_ALGORITHM }, encrypted_key };
  const options = { keyManagementAlgorithms: [WRAPPING_ALGORITHM], contentEncryptionAlgorithms };
  return async (content) =>
    (await flattenedDecrypt({ ...content, ...unwrapping }, answer.key, options)).plaintext;
}

/**
 * Has the vault do several uses by one code. What it answered is then told once more to who asks for one of them.
 * @throws what the server refuses
 */
export async function prepared(keys: VaultKeys, uses: readonly VaultUse[]): Promise<VaultKeys> {
  const answers = await keys.apply(uses);
  const known = new Map(uses.map((each, index) => [JSON.stringify(each), answers[index]]));
  return {
    ...keys,
    async apply(asked) {
      return asked.map((each) => {
        const answer = known.get(JSON.stringify(each));
        if (!answer) throw new Error('this was not asked of the vault');
        return answer;
      });
    },
  };
}

/** The signing input of a JWS (RFC 7515 section 5.1). */
export function signingInput(header: object, payload: Uint8Array): string {
  return `${base64url.encode(JSON.stringify(header))}.${base64url.encode(payload)}`;
}

export async function signatureUse(input: string): Promise<VaultUse> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(input));
  return { sign: hex(new Uint8Array(digest)) };
}

export function openingUse({ x, y }: JWK): VaultUse {
  const open: EphemeralKey = { crv: 'P-256', kty: 'EC', x: String(x), y: String(y) };
  return { open };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
