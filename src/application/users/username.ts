import { type Refusal, refuse } from '../../domain/errors.ts';
import { claimsCollide } from '../../domain/look-alikes/name-claim.ts';
import { skeleton } from '../../domain/look-alikes/skeleton.ts';
import { isVisible } from '../../domain/visible-text.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';

/** Names under which the server's own entries appear. */
const RESERVED = ['system', 'sello'];

/** The beginning of a removed user's name. No new user's name may begin with it, or with what looks like it. */
const REMOVED = '(removed ';

/** The forms of `removedName`. */
const REMOVED_FORM = /^\(removed (\d+)(?: [\da-f]+)?\)$/;

/**
 * Returns the name that a removed user's row gets, so that another user may have theirs.
 * @param suffix hexadecimal; tells it from an older user's name that looks like the one without
 */
export function removedName(userId: UserId, suffix = ''): string {
  return `${REMOVED}${userId}${suffix && ` ${suffix}`})`;
}

/** Whether a name is one of those that `removedName` gives this user. */
export function isRemovedName(username: string, userId: UserId): boolean {
  return REMOVED_FORM.exec(username)?.[1] === String(userId);
}

/**
 * Checks that a user may have a name: 1 to 128 bytes of visible UTF-8 in NFC, case-preserving and case-sensitive
 * (RFC 8265 section 3.4), not reserved. Does NOT check whether it looks like a reserved one: older users may have such.
 */
export function checkUsername(username: string): Refusal | undefined {
  if (username === '' || Buffer.byteLength(username) > LIMITS.usernameBytesMax) {
    return refuse('username_invalid', { detail: `1 to ${LIMITS.usernameBytesMax} bytes` });
  }
  if (!isVisible(username)) {
    return refuse('username_invalid', { detail: 'visible characters in NFC' });
  }
  if (username.trim() !== username) return refuse('username_invalid', { detail: 'no blank at either end' });
  return RESERVED.includes(username) || REMOVED_FORM.test(username) ? refuseReserved() : undefined;
}

/**
 * Checks the name of a new user, which must not look like a reserved one either. Does NOT check whether it, or a name
 * that looks like it, is taken: the store does.
 */
export function checkNewUsername(username: string): Refusal | undefined {
  const invalid = checkUsername(username);
  if (invalid) return invalid;
  const reserved = RESERVED.some((name) => claimsCollide(name, username));
  return reserved || skeleton(username).startsWith(skeleton(REMOVED)) ? refuseReserved() : undefined;
}

function refuseReserved(): Refusal {
  return refuse('username_invalid', { detail: 'a reserved name' });
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
