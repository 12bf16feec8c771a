import Type, { type Static } from 'typebox';
import { logInByPasskey, passkeyLogInOptions } from '../../../application/log-in/log-in-by-passkey.ts';
import { deletePasskey, listPasskeys } from '../../../application/passkeys/passkeys.ts';
import {
  passkeyRegistrationOptions,
  registerPasskey,
} from '../../../application/passkeys/register-passkey.ts';
import { shortPasskeyId } from '../../../application/passkeys/short-passkey-id.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import type { PasskeyRow } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import { clientLabel } from '../client-label.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { BrowserSession, IssuedSession, logInForCookie, logInForToken } from '../issued-session.ts';
import { oldestFirst, pageOf } from '../list-page.ts';
import {
  AUTHENTICATION_EXAMPLE,
  AuthenticationResponse,
  authenticationOf,
  REGISTRATION_EXAMPLE,
  RegistrationResponse,
  registrationOf,
} from '../passkey-schema.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, time } from '../schema.ts';
import { SHOWN_OR_RECOVERY, SHOWN_REFUSALS, shownOf } from '../shown.ts';

const Passkey = named(
  'Passkey',
  closed({ id: Id, label: Type.String(), created_at: time('When it was registered.') }),
);

const Options = Type.Object(
  {},
  { description: 'For the browser, as WebAuthn section 5.1 has them in JSON.', additionalProperties: true },
);

const LogInBody = closed({ response: AuthenticationResponse });
const REFUSALS = ['passkey_refused', 'user_disabled'] as const;

function passkeyView(passkey: PasskeyRow) {
  const { label, createdAt } = passkey;
  return { id: shortPasskeyId(passkey), label, created_at: rfc3339(createdAt) };
}

interface LogInRouteRequest {
  readonly body: Static<typeof LogInBody>;
  readonly address: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly idempotencyKey: string | undefined;
}

function logIn(
  { context, site }: HttpDependencies,
  { body, address, path, headers, idempotencyKey: key }: LogInRouteRequest,
) {
  return logInByPasskey(context, {
    ...{ response: authenticationOf(body.response), relyingParty: site, address },
    label: clientLabel(headers['user-agent']),
    ...ownIdempotency(key, body.response.id, { method: 'POST', path, body }),
  });
}

export const passkeyRoutes = [
  route({
    method: 'POST',
    path: '/v1/passkeys/options',
    tag: 'passkeys',
    summary: 'What a browser needs to make a passkey',
    caller: 'user',
    body: closed({}),
    bodyExample: {},
    responses: { 200: { description: 'Good for two minutes.', schema: Options } },
    refusals: [],
    handle: async ({ caller }, { context, site }) => ({
      status: 200,
      body: await passkeyRegistrationOptions(context, { session: caller.session, relyingParty: site }),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/passkeys',
    tag: 'passkeys',
    summary: 'Register the passkey that the browser made',
    description:
      'A user with a token or another passkey must show it, as at `POST /v1/tokens`; the act is `register_passkey`.',
    caller: 'user',
    repeatable: true,
    body: closed({
      response: RegistrationResponse,
      label: Type.Optional(Type.String({ maxLength: LIMITS.labelBytesMax })),
      ...SHOWN_OR_RECOVERY,
    }),
    bodyExample: { response: REGISTRATION_EXAMPLE, label: 'laptop' },
    responses: { 201: { description: 'Registered.', schema: Passkey } },
    refusals: ['passkey_invalid', 'passkeys_too_many', 'token_parameters_invalid', ...SHOWN_REFUSALS],
    async handle({ caller, body, path, idempotencyKey: key }, { context, site }) {
      const { response, label = '', ...shown } = body;
      const made = await registerPasskey(context, {
        ...{ session: caller.session, relyingParty: site, response: registrationOf(response), label },
        shown: shownOf(shown, site),
        ...ownIdempotency(key, callerId(caller), { method: 'POST', path, body: { response, label } }),
      });
      if (isRefusal(made)) return made;
      return { status: 201, headers: replayed(made.repeated), body: passkeyView(made) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/passkeys',
    tag: 'passkeys',
    summary: 'List passkeys',
    caller: 'user',
    description: 'The oldest first.',
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ passkeys: Type.Array(Passkey), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, { context, cursors }) {
      const all = await listPasskeys(context, caller.session.userId);
      const page = await pageOf(cursors, ['passkeys', callerId(caller)], all, query, (passkey) =>
        oldestFirst(passkey.createdAt, shortPasskeyId(passkey)),
      );
      if (isRefusal(page)) return page;
      return { status: 200, body: { passkeys: page.items.map(passkeyView), next_cursor: page.next } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/passkeys/{id}',
    tag: 'passkeys',
    summary: 'Delete a passkey',
    description: 'The session must have shown a code or passkey in the last minutes.',
    caller: 'user',
    params: { id: Id },
    responses: { 204: { description: 'No log-in by it any more.' } },
    refusals: ['passkey_unknown', 'proof_required'],
    handle: async ({ caller, params }, { context }) =>
      (await deletePasskey(context, caller.session, params.id)) ?? { status: 204 },
  }),
  route({
    method: 'POST',
    path: '/v1/passkeys/challenges',
    tag: 'passkeys',
    summary: 'What a browser needs to log in by a passkey',
    caller: 'anyone',
    body: closed({}),
    bodyExample: {},
    responses: { 200: { description: 'The same for everyone; good for two minutes.', schema: Options } },
    refusals: [],
    handle: async (_request, { context, site }) => ({
      status: 200,
      body: await passkeyLogInOptions(context, site),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/sessions/passkey',
    tag: 'passkeys',
    summary: 'Log in by a passkey',
    description: 'In place of password and code: the authenticator has verified its user.',
    caller: 'anyone',
    repeatable: true,
    body: LogInBody,
    bodyExample: { response: AUTHENTICATION_EXAMPLE },
    responses: { 201: { description: 'Logged in.', schema: IssuedSession } },
    refusals: REFUSALS,
    handle: (request, dependencies) => logInForToken(dependencies, () => logIn(dependencies, request)),
  }),
  route({
    method: 'POST',
    path: '/v1/browser-sessions/passkey',
    tag: 'passkeys',
    summary: 'Log in from a browser by a passkey',
    caller: 'anyone',
    repeatable: true,
    body: LogInBody,
    bodyExample: { response: AUTHENTICATION_EXAMPLE },
    responses: {
      201: { description: 'Logged in.', schema: BrowserSession, headers: { 'Set-Cookie': 'The session.' } },
    },
    refusals: REFUSALS,
    handle: (request, dependencies) =>
      logInForCookie(dependencies, () => logIn(dependencies, request), request),
  }),
];
