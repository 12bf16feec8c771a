import { hash } from 'node:crypto';
import type { UserState } from '../../domain/user-state.ts';

const ID_LENGTH = 16;

/** Names a stored password hash. The hash is salted, so this tells nothing of the password. */
export function passwordHashId(phc: string): string {
  return hash('sha256', phc, 'hex').slice(0, ID_LENGTH);
}

/**
 * Whether a hash that was read and compared before the decision is still the user's: the password may have been changed
 * meanwhile, and the old one must open nothing after that entry.
 */
export function isCurrentHash({ passwordHashId: current }: UserState, phc: string): boolean {
  return current === undefined || current === passwordHashId(phc);
}
