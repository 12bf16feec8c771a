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
import { isSessionValid, type Session } from '../application/sessions/session.ts';
import { authorise } from '../application/transactions/authorise.ts';
import { recoveryOf } from '../application/users/recovery.ts';
import { registerUser } from '../application/users/register-user.ts';
import { isRefusal, type Refusal, refuse } from '../domain/errors.ts';
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
    async resumeSession(request) {
      const session = await resumeSession(context, { ...request, ...codeRequired });
      return isRefusal(session) ? session : whileUsed(context, session, async () => session);
    },
    endSession: (session) => endSession(context, session),
    issueChallenges: (session, count) =>
      whileUsed(context, session, () => issueChallenges(context, session, count)),
    authorise: (request) => whileUsed(context, request.session, () => authorise(context, request)),
    messaging: messagingServices(context),
    takeError: (address) => context.rateLimiter.take(`error/${address}`, context.settings.rateLimits.errors),
    currencyDefault,
  };
}

/** Acts unless the session went unused for too long; in this turn of the event loop where memory tells. */
function whileUsed<Result>(
  { sessionUses }: Context,
  session: Session,
  act: () => Promise<Result>,
): Promise<Result | Refusal> {
  const admitted = sessionUses.admit(session, true);
  if (admitted === true) return act();
  return Promise.resolve(admitted).then<Result | Refusal>((held) => (held ? act() : refuse('session_ended')));
}

function messagingServices(context: Context): MessagingServices {
  const { store, userCache, decider, sessionUses } = context;
  return {
    enrolIdentity: (request) => enrolIdentity(context, request),
    findIdentity: (username) => findIdentity(context, username),
    sendMessage: (request) => sendMessage(context, request),
    listInbox: (session, page) => listInbox(context, session, page),
    findMessage: (session, messageId) => findMessage(context, session, messageId),
    readMessagePart: ({ senderId, messageId }, part) => store.readMessagePart({ senderId, messageId, part }),
    acknowledgeMessage: (request) => acknowledgeMessage(context, request),
    async isSessionValid(session) {
      const user = await userCache.getOrLoad(session.userId);
      if (user === undefined || !isSessionValid(user, session.sessionId, decider.now())) return false;
      return sessionUses.admit(session, true);
    },
  };
}
