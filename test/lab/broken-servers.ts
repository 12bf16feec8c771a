import type { AuthoriseRequest } from '../../src/application/transactions/authorisation.ts';
import { unlockUser } from '../../src/application/users/administer-user.ts';
import type { Application } from '../../src/compose.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import type { TcpServices } from '../../src/wire/tcp/services.ts';

/** The policy of a server that accepts a session as proof. The lab expects the usual policy. */
export const ANY_SESSION = {
  '--policy-rules': '[{"require":["session"]}]',
  '--policy-unbound-proofs-allowed': 'true',
};

/** Looks at no proof: a MAC or a code may be anything, or missing. */
export function believesAll(services: TcpServices): TcpServices {
  return {
    ...services,
    authorise: ({ mac: _, code: __, ...request }: AuthoriseRequest) => services.authorise(request),
  };
}

/** Takes every challenge for a fresh one of the session that shows it. */
export function forgetsChallenges(services: TcpServices): TcpServices {
  return {
    ...services,
    authorise: async ({ mac: _, code: __, ...request }: AuthoriseRequest) => {
      const fresh = await services.issueChallenges(request.session, 1);
      const [challenge] = isRefusal(fresh) ? [] : fresh;
      return services.authorise({ ...request, challenge: challenge?.nonce ?? request.challenge });
    },
  };
}

/** Never locks: forgets wrong attempts before it looks at the next. */
export function forgetsAttempts(services: TcpServices, { context }: Application): TcpServices {
  // One at a time, or several would be counted together before they are forgotten.
  let last: Promise<unknown> = Promise.resolve();
  const alone = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const done = last.then(act);
    last = done;
    return done;
  };
  return {
    ...services,
    authorise: (request) =>
      alone(async () => {
        await unlockUser(context, request.session.userId);
        return services.authorise(request);
      }),
    logIn: (request) =>
      alone(async () => {
        const user = await context.store.findUser(request.username);
        if (user) await unlockUser(context, user.userId);
        return services.logIn(request);
      }),
  };
}
