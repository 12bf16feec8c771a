import { createHash, hash } from 'node:crypto';
import { makeSessionSecret } from '../src/application/sessions/session.ts';
import type { UserId } from '../src/ports/store.ts';

/*
 * Users of the benchmark. Their secrets follow from their ids, so that the process that seeds the database and the one
 * that makes the load agree without passing a hundred thousand of them on.
 */

export const PASSWORD = 'secreto-de-prueba';

export function usernameOf(userId: UserId): string {
  return `user-${userId}`;
}

/** The protocol's MAC key: the same for all, as their password is. */
export function macKey(): Buffer {
  return hash('sha256', PASSWORD, 'buffer');
}

export function sessionSecretOf(userId: UserId): string {
  return makeSessionSecret(userId, { bytes: (length) => bytesFor(`session/${userId}`, length) });
}

export function tokenIdOf(userId: UserId): string {
  return `token-${userId}`;
}

/** The seed of the user's token for bound codes. */
export function tokenSeedOf(userId: UserId): Buffer {
  return bytesFor(`seed/${userId}`, 32);
}

function bytesFor(purpose: string, length: number): Buffer {
  return createHash('sha256').update(`sello bench/${purpose}`).digest().subarray(0, length);
}
