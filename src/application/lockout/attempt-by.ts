import { type AttemptBy, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { AttemptPurpose, LockoutPolicy } from '../../domain/lockout.ts';
import { findValidSession, isProven } from '../sessions/session.ts';
import type { User } from '../users/user.ts';

/** Who shows a password or a code. */
export type Asker =
  | { readonly by: 'stranger' }
  /** Of a browser that has logged in before (`sessions/known-device.ts`). */
  | { readonly by: 'device'; readonly id: string; readonly isProven: boolean }
  | { readonly by: 'session'; readonly sessionId: string }
  | { readonly by: 'service'; readonly serviceId: string }
  | { readonly by: 'operator' };

export const STRANGER: Asker = Object.freeze({ by: 'stranger' });

const ID_LENGTH = 16;

/**
 * What an attempt is counted with. A device or session is known for codes once it has shown one: whoever has a stolen
 * password can open sessions without end, so those that showed the password alone count together, with strangers.
 *
 * Why: docs/DECISIONS.md#attempts-are-counted-by-purpose-and-asker
 */
export function attemptBy(purpose: AttemptPurpose, asker: Asker, user: User, at: number): AttemptBy {
  const known = (id: string): AttemptBy => ({ purpose, asker: id.slice(0, ID_LENGTH), isKnown: true });
  switch (asker.by) {
    case 'device':
      if (asker.isProven || purpose === 'password') return known(asker.id);
      break;
    case 'session': {
      const session = findValidSession(user, asker.sessionId, at);
      if (session && (isProven(session) || purpose === 'password')) return known(session.sessionId);
      break;
    }
    case 'operator':
      return known('operator');
    case 'service':
      return { purpose, asker: asker.serviceId, isKnown: false };
    case 'stranger':
      break;
  }
  return { purpose, asker: '', isKnown: false };
}

/** @returns how long no code that this session shows is evaluated, ms; 0: not locked */
export function codesLockedForMs(user: User, sessionId: string, at: number, policy: LockoutPolicy): number {
  const lockedMs = (['transaction', 'enrolment'] as const).map((purpose) =>
    attemptLockedForMs(user.state, attemptBy(purpose, { by: 'session', sessionId }, user, at), at, policy),
  );
  return Math.max(...lockedMs);
}
