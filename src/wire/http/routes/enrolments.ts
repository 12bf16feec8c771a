import { hash } from 'node:crypto';
import Type from 'typebox';
import { claimEnrolment } from '../../../application/tokens/claim-enrolment.ts';
import { canonicalEnrolmentCode } from '../../../application/tokens/enrolment-code.ts';
import { type Invitation, inviteDevice } from '../../../application/tokens/invite-device.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import { callerId } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { closed, Id, named, Password, time } from '../schema.ts';
import { SHOWN_OR_RECOVERY, SHOWN_REFUSALS, shownOf } from '../shown.ts';
import { actOf, userIdOf } from './admin-users.ts';

const Coordinate = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });

const DeviceKey = named(
  'DeviceKey',
  closed(
    {
      kty: Type.Literal('EC'),
      crv: Type.Literal('P-256'),
      x: Coordinate,
      y: Coordinate,
      ext: Type.Optional(Type.Boolean()),
      key_ops: Type.Optional(Type.Array(Type.String({ maxLength: 16 }), { maxItems: 8 })),
      use: Type.Optional(Type.String({ maxLength: 16 })),
      alg: Type.Optional(Type.String({ maxLength: 32 })),
      kid: Type.Optional(Type.String({ maxLength: 128 })),
    },
    { description: 'The public part alone of a key on P-256 (JWK, RFC 7517).' },
  ),
);

const EnrolmentInvitation = named(
  'EnrolmentInvitation',
  closed({
    code: Type.String({
      description:
        'Enrols one device, once. To be typed in any case, with groups or without; 0 is read as O, 1 as I, 8 as B.',
    }),
    link: Type.String({ description: 'The same as a link for the device, or a QR code.' }),
    expires_at: time('Until when.'),
  }),
);

const CLAIM_EXAMPLE = {
  code: 'F-K7QM-2XWD-PFJT-MNPR-5CSA-UHEB',
  device_key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
    y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  },
  label: 'phone',
};

function invitationView({ site }: HttpDependencies, { code, expiresAt }: Invitation) {
  return { code, link: `${site.origin}/token#enrol=${code}`, expires_at: rfc3339(expiresAt) };
}

const INVITED = { 201: { description: 'Invited.', schema: EnrolmentInvitation } } as const;

export const enrolmentRoutes = [
  route({
    method: 'POST',
    path: '/v1/enrolments',
    tag: 'tokens',
    summary: 'Invite a device of your own to be a virtual token',
    description:
      'A user with a token or passkey must show it, as at `POST /v1/tokens`; the act is `invite_device`. A stolen password or session enrols nothing.',
    caller: 'user',
    repeatable: true,
    body: closed(SHOWN_OR_RECOVERY),
    bodyExample: { code: '492039' },
    responses: INVITED,
    refusals: [...SHOWN_REFUSALS, 'user_disabled', 'user_unknown'],
    async handle({ caller, body, path, idempotencyKey: key }, dependencies) {
      const { session } = caller;
      const made = await inviteDevice(dependencies.context, {
        ...{ session, userId: session.userId },
        shown: shownOf(body, dependencies.site),
        ...ownIdempotency(key, callerId(caller), { method: 'POST', path }),
      });
      if (isRefusal(made)) return made;
      return { status: 201, headers: replayed(made.repeated), body: invitationView(dependencies, made) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/users/{id}/enrolments',
    tag: 'administration',
    summary: 'Invite a device of a user to be a virtual token',
    description:
      'For a user who has never had a token or passkey; for others, a recovery must be ready (`POST /v1/admin/users/{id}/recovery`). The claim takes the user’s password. For themselves, who has a token is refused: `POST /v1/enrolments` takes its code.',
    caller: 'admin',
    repeatable: true,
    params: { id: Id },
    responses: INVITED,
    refusals: ['user_unknown', 'user_disabled', 'recovery_required', ...SHOWN_REFUSALS],
    async handle({ caller, params, path, idempotencyKey }, dependencies) {
      const userId = userIdOf(params.id);
      if (userId === undefined) return refuse('user_unknown');
      const { by, idempotency } = actOf(caller, { method: 'POST', path, idempotencyKey });
      const { session } = caller;
      // For their own account an administrator is an ordinary user, so a stolen session cannot invite a device.
      const made = await inviteDevice(dependencies.context, {
        ...(session.userId === userId ? { userId, session } : { userId, by: by ?? '' }),
        ...(idempotency ? { idempotency } : {}),
      });
      if (isRefusal(made)) return made;
      return { status: 201, headers: replayed(made.repeated), body: invitationView(dependencies, made) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/enrolments/claim',
    tag: 'tokens',
    summary: 'Enrol this device by an invitation',
    description:
      "The seeds come as a JWE to the device's own key: its payload names the user, the device's session and the tokens (two, unless `type` names one: `ocra` for approvals, `totp` for log-ins). They wait for a first code (activation, by the device's session). An administrator's invitation takes the user's `password` as well.",
    caller: 'anyone',
    repeatable: true,
    body: closed({
      code: Type.String({ minLength: 1, maxLength: 64 }),
      device_key: DeviceKey,
      label: Type.Optional(Type.String({ maxLength: LIMITS.labelBytesMax })),
      type: Type.Optional(Type.Enum(['ocra', 'totp'])),
      password: Type.Optional(Password),
    }),
    bodyExample: CLAIM_EXAMPLE,
    responses: {
      201: {
        description: 'Enrolled; the invitation is spent.',
        schema: closed({ jwe: Type.String({ description: 'Compact JWE: ECDH-ES, A256GCM.' }) }),
      },
    },
    refusals: [
      'password_required',
      'credentials_invalid',
      'locked',
      'busy',
      'enrolment_unknown',
      'enrolment_expired',
      'device_key_invalid',
      'tokens_too_many',
      'token_parameters_invalid',
    ],
    async handle({ body, address, path, idempotencyKey: key }, { context }) {
      const { device_key: deviceKey, label = '', type, password } = body;
      const code = canonicalEnrolmentCode(body.code);
      const { kty, crv, x, y } = deviceKey;
      // The code cannot be guessed, so its digest may be stored.
      const owner = `enrolment/${hash('sha256', code, 'hex')}`;
      const content = { device_key: { kty, crv, x, y }, label, type: type ?? null };
      const claimed = await claimEnrolment(context, {
        ...{ code, deviceKey: { kty, crv, x, y }, label, address },
        ...(type === undefined ? {} : { type }),
        ...(password === undefined ? {} : { password }),
        ...ownIdempotency(key, owner, { method: 'POST', path, body: content }),
      });
      if (isRefusal(claimed)) return claimed;
      return { status: 201, headers: replayed(claimed.repeated), body: { jwe: claimed.jwe } };
    },
  }),
];
