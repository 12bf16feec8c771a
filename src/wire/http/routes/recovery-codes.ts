import Type from 'typebox';
import { countRecoveryCodes, renewRecoveryCodes } from '../../../application/codes/renew-recovery-codes.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { route } from '../route.ts';
import { closed } from '../schema.ts';
import { SHOWN, SHOWN_REFUSALS, shownOf } from '../shown.ts';

export const recoveryCodeRoutes = [
  route({
    method: 'GET',
    path: '/v1/recovery-codes',
    tag: 'tokens',
    summary: 'How many recovery codes are left',
    caller: 'user',
    responses: { 200: { description: 'The number.', schema: closed({ left: Type.Integer() }) } },
    refusals: [],
    handle: async ({ caller }, { context }) => ({
      status: 200,
      body: { left: await countRecoveryCodes(context, caller.session.userId) },
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/recovery-codes',
    tag: 'tokens',
    summary: 'Make new recovery codes; those before end',
    description:
      'For a user with a token or passkey, who shows it (the act is `make_recovery_codes`). Each code works once, as `recovery_code` in place of a code at a log-in and where a token, passkey or device is enrolled; for no transaction. They are told this once.',
    caller: 'user',
    body: closed(SHOWN),
    bodyExample: { code: '492039' },
    responses: {
      201: {
        description: 'Made. Keep them apart from the token.',
        schema: closed({ codes: Type.Array(Type.String()) }),
        example: { codes: ['ABCD-EFGH-IJKL-MNOP-QRST-UVWX'] },
      },
    },
    refusals: [...SHOWN_REFUSALS, 'authenticator_required', 'user_unknown'],
    async handle({ caller: { session }, body }, { context, site }) {
      const made = await renewRecoveryCodes(context, {
        ...{ userId: session.userId, session, shown: shownOf(body, site) },
      });
      return isRefusal(made) ? made : { status: 201, body: { codes: [...made.codes] } };
    },
  }),
];
