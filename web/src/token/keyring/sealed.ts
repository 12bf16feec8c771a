/** A ciphertext of AES-256-GCM (SP 800-38D) under a non-extractable key. */
export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly ciphertext: ArrayBuffer;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** Seals bytes. @param context additional data: the seal opens only with the same */
export async function seal(key: CryptoKey, plain: Uint8Array<ArrayBuffer>, context: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: 'AES-GCM', iv, additionalData: encode(context) };
  return { iv, ciphertext: await crypto.subtle.encrypt(algorithm, key, plain) };
}

/** Opens a seal. @returns undefined for another key, another context or a changed ciphertext */
export async function unseal(
  key: CryptoKey,
  { iv, ciphertext }: Sealed,
  context: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const algorithm = { name: 'AES-GCM', iv, additionalData: encode(context) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, ciphertext));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'OperationError') return undefined;
    throw error;
  }
}
