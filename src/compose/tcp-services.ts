import { issueChallenges } from '../application/challenges/issue-challenges.ts';
import type { Context } from '../application/context.ts';
import { PasswordLogIn } from '../application/log-in/log-in-by-password.ts';
import { endSession } from '../application/sessions/end-session.ts';
import { resumeSession } from '../application/sessions/resume-session.ts';
import { authorise } from '../application/transactions/authorise.ts';
import { recoveryOf } from '../application/users/recovery.ts';
import { registerUser } from '../application/users/register-user.ts';
import type { TcpServices } from '../wire/tcp/services.ts';

/**
 * The use cases that the TCP protocol calls.
 *
 * Why a log-in and a resumption ask for a code: docs/DECISIONS.md#tcp-log-ins-show-a-code-where-there-is-one
 */
export function tcpServices(context: Context): TcpServices {
  const passwordLogIn = new PasswordLogIn(context);
  const { tcpLogInCodeRequired, currencyDefault } = context.settings;
  const codeRequired = tcpLogInCodeRequired ? ({ codeRequired: true } as const) : {};
  return {
    registerUser: (request) => registerUser(context, request),
    logIn: (request) => passwordLogIn.logIn({ ...request, ...codeRequired }),
    async isBeingRecovered({ userId }) {
      const user = await context.userCache.getOrLoad(userId);
      return user !== undefined && recoveryOf(user, context.decider.now()) !== undefined;
    },
    resumeSession: (request) => resumeSession(context, { ...request, ...codeRequired }),
    endSession: (session) => endSession(context, session),
    issueChallenges: (session, count) => issueChallenges(context, session, count),
    authorise: (request) => authorise(context, request),
    takeError: (address) => context.rateLimiter.take(`error/${address}`, context.settings.rateLimits.errors),
    currencyDefault,
  };
}
