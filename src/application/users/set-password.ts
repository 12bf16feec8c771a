import { type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { passwordReplaced, withNewPassword } from './new-password.ts';

/** Sets a user's password for the operator, who shows nothing. Every session but those of confirmed devices ends. */
export function setPassword(
  context: Context,
  userId: UserId,
  password: string,
): Promise<{ readonly userId: UserId } | Refusal> {
  return withNewPassword(context, { userId, password }, async (made) => {
    const { result } = await context.decider.submit<{ readonly userId: UserId } | Refusal>({
      userId,
      decide: (user) => {
        if (!user || user.version === 0) return { result: refuse('user_unknown') };
        return {
          result: { userId },
          draft: { type: 'admin.password_changed', ...passwordReplaced(user, made) },
        };
      },
    });
    return result;
  });
}
