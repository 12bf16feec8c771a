import { hash } from 'node:crypto';

/** The previous hash of a user's first entry. */
export const GENESIS_HASH = '0'.repeat(64);

let scratch = Buffer.allocUnsafe(8192);

/** Returns an entry's hash, SHA-256(previous hash ‖ body); both hashes are lower-case hex. Does NOT check the form of `previous`. */
export function chainHash(previous: string, body: string): string {
  const bound = 32 + body.length * 3;
  if (scratch.length < bound) scratch = Buffer.allocUnsafe(bound);
  scratch.write(previous, 0, 32, 'hex');
  const length = scratch.write(body, 32, 'utf8');
  return hash('sha256', scratch.subarray(0, 32 + length), 'hex');
}
