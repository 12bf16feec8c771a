import { type Refusal, refuse } from '../../domain/errors.ts';
import { claimsCollide } from '../../domain/look-alikes/name-claim.ts';
import { isVisible } from '../../domain/visible-text.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

/** Names under which the server's own entries appear. */
const RESERVED = ['system', 'sello'];

/** The form of `removedName`, which nobody may take. */
const REMOVED = /^\(removed \d+\)$/;

/** The name that a removed user's row gets, so that another user may have theirs. */
export function removedName(userId: UserId): string {
  return `(removed ${userId})`;
}

/**
 * Checks the form of a user's name: 1 to 128 bytes of visible UTF-8 in NFC, case-preserving and case-sensitive
 * (RFC 8265 section 3.4). Does NOT check whether it, or a name that looks like it, is taken: the store does.
 */
export function checkUsername(username: string): Refusal | undefined {
  if (username === '' || Buffer.byteLength(username) > LIMITS.usernameBytesMax) {
    return refuse('username_invalid', { detail: `1 to ${LIMITS.usernameBytesMax} bytes` });
  }
  if (!isVisible(username)) {
    return refuse('username_invalid', { detail: 'visible characters in NFC' });
  }
  if (username.trim() !== username) return refuse('username_invalid', { detail: 'no blank at either end' });
  const reserved = RESERVED.some((name) => name === username || claimsCollide(name, username));
  if (reserved || REMOVED.test(username)) return refuse('username_invalid', { detail: 'a reserved name' });
  return undefined;
}

/** Checks a password's length: at least `lengthMin` characters, at most `passwordBytesMax` bytes. */
export function checkPassword(password: string, lengthMin: number): Refusal | undefined {
  if (!password.isWellFormed()) return refuse('message_invalid', { detail: 'password' });
  if (Buffer.byteLength(password) > LIMITS.passwordBytesMax) {
    return refuse('password_too_long', { detail: `at most ${LIMITS.passwordBytesMax} bytes` });
  }
  if ([...password].length < lengthMin) {
    return refuse('password_too_short', { detail: `at least ${lengthMin} characters` });
  }
  return undefined;
}
