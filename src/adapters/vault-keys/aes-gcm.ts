import { createCipheriv, createDecipheriv } from 'node:crypto';

/*
 * AES-256-GCM (NIST SP 800-38D) with 96-bit IVs and 128-bit tags.
 */

export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** Encrypts and authenticates `content`. `iv` must never repeat under one key. @returns ciphertext ‖ tag */
export function encryptGcm(
  key: Uint8Array,
  iv: Uint8Array,
  associatedData: Uint8Array,
  content: Uint8Array,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(associatedData);
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Verifies and decrypts ciphertext ‖ tag.
 * @returns the content, which the caller overwrites after use; `undefined` when it is not authentic
 */
export function decryptGcm(
  key: Uint8Array,
  iv: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const content = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    content.fill(0);
    return undefined;
  }
  return content;
}
