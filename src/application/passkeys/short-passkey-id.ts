import { hash } from 'node:crypto';

const ID_LENGTH = 16;

/** An id that fits into a path: the credential's own may be a thousand bytes long. */
export function shortPasskeyId({ credentialId }: { readonly credentialId: string }): string {
  return hash('sha256', credentialId, 'hex').slice(0, ID_LENGTH);
}
