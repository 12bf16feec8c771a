import { issueChallenges } from '../application/challenges/issue-challenges.ts';
import type { Context } from '../application/context.ts';
import { enrolIdentity } from '../application/identities/enrol-identity.ts';
import { findIdentity } from '../application/identities/find-identity.ts';
import { PasswordLogIn } from '../application/log-in/log-in-by-password.ts';
import { acknowledgeMessage } from '../application/messages/acknowledge-message.ts';
import { findMessage, listInbox } from '../application/messages/inbox.ts';
import { sendMessage } from '../application/messages/send-message.ts';
import { endSession } from '../application/sessions/end-session.ts';
import { resumeSession } from '../application/sessions/resume-session.ts';
import { isSessionValid } from '../application/sessions/session.ts';
import { authorise } from '../application/transactions/authorise.ts';
import { recoveryOf } from '../application/users/recovery.ts';
import { registerUser } from '../application/users/register-user.ts';
import type { MessagingServices } from '../wire/tcp/messaging-services.ts';
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
    messaging: messagingServices(context),
    takeError: (address) => context.rateLimiter.take(`error/${address}`, context.settings.rateLimits.errors),
    currencyDefault,
  };
}

function messagingServices(context: Context): MessagingServices {
  const { store, userCache, decider } = context;
  return {
    enrolIdentity: (request) => enrolIdentity(context, request),
    findIdentity: (username) => findIdentity(context, username),
    sendMessage: (request) => sendMessage(context, request),
    listInbox: (session, page) => listInbox(context, session, page),
    findMessage: (session, messageId) => findMessage(context, session, messageId),
    readMessagePart: ({ senderId, messageId }, part) => store.readMessagePart({ senderId, messageId, part }),
    acknowledgeMessage: (request) => acknowledgeMessage(context, request),
    async isSessionValid({ userId, sessionId }) {
      const user = await userCache.getOrLoad(userId);
      return user !== undefined && isSessionValid(user, sessionId, decider.now());
    },
  };
}
