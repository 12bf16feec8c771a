import Type from 'typebox';
import { passkeyProofOptions, proveSession } from '../../../application/sessions/prove-session.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { route } from '../route.ts';
import { closed, time } from '../schema.ts';
import { SHOWN, SHOWN_REFUSALS, shownOf } from '../shown.ts';

export const sessionProofRoutes = [
  route({
    method: 'POST',
    path: '/v1/sessions/current/proof',
    tag: 'sessions',
    summary: 'Show a code or a passkey in this session',
    description:
      'For what asks for a fresh one (`proof_required`): a `code` of a `totp` or `hotp` token; or of an `ocra` token with the `challenge` that it covers, over SHA-256 of the RFC 8785 JSON `{"act":"prove_session","challenge":…,"user":…,"v":1}`; or a `passkey`. It lasts `proof_ttl_ms`.',
    caller: 'user',
    body: closed(SHOWN),
    bodyExample: { code: '492039' },
    responses: {
      200: { description: 'Shown.', schema: closed({ until: time('Until when it is fresh.') }) },
    },
    refusals: [...SHOWN_REFUSALS, 'authenticator_required'],
    async handle({ caller, body }, { context, site }) {
      const shown = await proveSession(context, caller.session, shownOf(body, site));
      return isRefusal(shown) ? shown : { status: 200, body: { until: rfc3339(shown.until) } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/current/proof/options',
    tag: 'sessions',
    summary: 'What a browser needs to show a passkey in this session',
    description: 'Its answer is the member `passkey` of what asks for a code or a passkey.',
    caller: 'user',
    body: closed({}),
    bodyExample: {},
    responses: {
      200: {
        description: 'Good for two minutes.',
        schema: Type.Object(
          {},
          {
            description: 'For the browser, as WebAuthn section 5.1 has them in JSON.',
            additionalProperties: true,
          },
        ),
      },
    },
    refusals: [],
    handle: async ({ caller }, { context, site }) => ({
      status: 200,
      body: await passkeyProofOptions(context, caller.session, site),
    }),
  }),
];
