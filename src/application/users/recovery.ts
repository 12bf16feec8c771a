import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Recovery } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft } from '../decisions/job.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import { hadAuthenticator } from '../tokens/authenticators.ts';
import type { User } from './user.ts';

/**
 * A recovery gives a user who has or had an authenticator a new device without showing one, so no administrator can do it
 * alone: one asks, another confirms, then `recovery_wait_ms` pass, in which the user is told and may cancel. After that an
 * administrator invites a device (`tokens/invite-device.ts`), whose claim takes the user's password.
 *
 * Why: docs/DECISIONS.md#a-recovery-takes-two-administrators
 */
export function recoveryOf({ state }: Pick<User, 'state'>, at: number): Recovery | undefined {
  const { recovery } = state;
  return recovery && at - recovery.askedAt < LIMITS.recoveryMs ? recovery : undefined;
}

/** The change of one recovery: the new one, undefined to end it. */
type Change = (user: User, at: number) => { readonly next: Recovery | undefined } | Refusal;

export function askRecovery(context: Context, userId: UserId, by: string): Promise<Recovery | Refusal> {
  return change(context, userId, { type: 'admin.recovery_asked', detail: { by } }, (user, at) => {
    if (user.username === by) return refuse('own_account');
    if (!hadAuthenticator(user)) return refuse('recovery_unneeded');
    return recoveryOf(user, at) ? refuse('recovery_pending') : { next: { askedBy: by, askedAt: at } };
  });
}

export function confirmRecovery(context: Context, userId: UserId, by: string): Promise<Recovery | Refusal> {
  return change(context, userId, { type: 'admin.recovery_confirmed', detail: { by } }, (user, at) => {
    const asked = recoveryOf(user, at);
    if (!asked) return refuse('recovery_unknown');
    if (user.username === by) return refuse('own_account');
    if (asked.askedBy === by) return refuse('second_administrator_required');
    if (asked.readyAt !== undefined) return refuse('recovery_pending');
    return { next: { ...asked, confirmedBy: by, readyAt: at + context.settings.recoveryWaitMs } };
  });
}

/** @param session of the user themselves; an administrator has none here */
export function cancelRecovery(
  context: Context,
  userId: UserId,
  by: string,
  session?: Session,
): Promise<Recovery | Refusal> {
  return change(context, userId, { type: 'admin.recovery_cancelled', detail: { by } }, (user, at) => {
    if (session && !isSessionValid(user, session.sessionId, at)) return refuse('session_ended');
    return recoveryOf(user, at) ? { next: undefined } : refuse('recovery_unknown');
  });
}

async function change(
  context: Context,
  userId: UserId,
  draft: Pick<Draft, 'type' | 'detail'>,
  make: Change,
): Promise<Recovery | Refusal> {
  const { result } = await context.decider.submit<Recovery | Refusal>({
    userId,
    decide: (user, { at }) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      const changed = make(user, at);
      if ('refused' in changed) return { result: changed };
      const { recovery: before, ...rest } = user.state;
      const { next } = changed;
      const told = next ?? before;
      if (!told) return { result: refuse('recovery_unknown') };
      return { result: told, draft: { ...draft, state: next ? { ...rest, recovery: next } : rest } };
    },
  });
  return result;
}
