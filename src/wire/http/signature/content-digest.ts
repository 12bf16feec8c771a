import { hash } from 'node:crypto';

/** `Content-Digest` (RFC 9530) by SHA-256. */
export function contentDigest(bytes: Uint8Array | string): string {
  return `sha-256=:${hash('sha256', bytes, 'base64')}:`;
}
