import Type from 'typebox';
import { issueChallenges, issueServiceChallenges } from '../../../application/challenges/issue-challenges.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import { route } from '../route.ts';
import { closed, Nonce, named, time } from '../schema.ts';

const Challenge = named(
  'Challenge',
  closed({ nonce: Nonce, expires_at: time('Until when it may be answered.') }),
);

export const challengeRoutes = [
  route({
    method: 'POST',
    path: '/v1/challenges',
    tag: 'transactions',
    summary: 'Ask for challenges',
    description:
      'For a user, bound to their session, for transactions that are sent with their proof; for a service (`codes:verify`), for bound codes that it has checked. What is never answered costs nothing.',
    caller: 'user_or_service',
    scope: 'codes:verify',
    body: closed({
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.challengesPerRequestMax, default: 1 })),
    }),
    bodyExample: { count: 2 },
    responses: { 201: { description: 'Issued.', schema: closed({ challenges: Type.Array(Challenge) }) } },
    refusals: [],
    async handle({ body, caller }, { context }) {
      const count = body.count ?? 1;
      const issued =
        caller.kind === 'user'
          ? await issueChallenges(context, caller.session, count)
          : await issueServiceChallenges(context, caller.service.serviceId, count);
      if (isRefusal(issued)) return issued;
      const challenges = issued.map(({ nonce, expiresAt }) => ({ nonce, expires_at: rfc3339(expiresAt) }));
      return { status: 201, body: { challenges } };
    },
  }),
];
