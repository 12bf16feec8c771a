import Type, { type Static } from 'typebox';
import { applyVaultKeys } from '../../../application/identities/apply-vault-keys.ts';
import { attestIdentity, certifyIdentity } from '../../../application/identities/attest-identity.ts';
import { enrolIdentity } from '../../../application/identities/enrol-identity.ts';
import { findIdentity, type PublishedIdentity } from '../../../application/identities/find-identity.ts';
import { listOwnIdentities } from '../../../application/identities/list-identities.ts';
import { offerVaultKeys } from '../../../application/identities/offer-vault-keys.ts';
import { revokeIdentity } from '../../../application/identities/revoke-identity.ts';
import { verifyIdentity } from '../../../application/identities/verify-identity.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import type { PublicKey } from '../../../domain/identity/public-key.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import type { IdentityRow } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Code, closed, Nonce, named, time, Username } from '../schema.ts';

const GIVEN_JWK = Type.Object(
  {},
  {
    description:
      'A public P-256 key (RFC 7517): `kty`, `crv`, `x`, `y`; `use`, `alg`, `kid`, `key_ops` and `ext` are ignored.',
    additionalProperties: true,
  },
);
const Jwk = named(
  'PublicKey',
  closed({ crv: Type.Literal('P-256'), kty: Type.Literal('EC'), x: Type.String(), y: Type.String() }),
);
const Thumbprint = Type.String({
  minLength: 43,
  maxLength: 43,
  description: 'Of a key (RFC 7638): SHA-256 in base64url.',
});
const Level = Type.Enum(['self_asserted', 'operator', 'factor'], {
  description:
    '`self_asserted`: enrolled by a code of a token of the account. `operator`: somebody compared the keys with the person. `factor`: they replaced such keys, by the same token.',
});

const Custody = Type.Enum(['device', 'vault'], {
  description:
    'Where the private keys are. `device`: on one of the user’s, and the server cannot use them. `vault`: in the server’s vault, which signs and opens for the user alone, by a code each time.',
});

const JWK_EXAMPLE = {
  crv: 'P-256',
  kty: 'EC',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
} as const;

const Identity = named(
  'Identity',
  closed({
    user: Type.String(),
    sign_jwk: Jwk,
    seal_jwk: Jwk,
    level: Level,
    custody: Custody,
    index: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Of the entry in the log that enrolled them; null for the moment until it has one.',
    }),
    entry: closed({
      body: Type.String({
        description: 'The body of that entry: the thumbprints in it are those of the keys.',
      }),
      previous: Type.String({
        description: "The hash before it. SHA-256 of its bytes and the body's is the entry's in the log.",
      }),
    }),
  }),
);

const OwnIdentity = closed({
  sign_jwk: Jwk,
  seal_jwk: Jwk,
  level: Level,
  enrolled_at: time('When they were enrolled.'),
  revoked_at: Type.Union([time('When they ceased to be in force.'), Type.Null()]),
  revoked_reason: Type.Union([Type.Enum(['rotated', 'user', 'operator']), Type.Null()]),
});

export function identityView({
  identity,
  custody,
  index,
  body,
  previous,
}: PublishedIdentity): Static<typeof Identity> {
  const { username: user, level } = identity;
  return { user, ...keysOf(identity), level, custody, index: index ?? null, entry: { body, previous } };
}

function keysOf({ signJwk, sealJwk }: IdentityRow) {
  return { sign_jwk: JSON.parse(signJwk) as PublicKey, seal_jwk: JSON.parse(sealJwk) as PublicKey };
}

function ownView(identity: IdentityRow): Static<typeof OwnIdentity> {
  const { level, enrolledAt, revokedAt, revokedReason } = identity;
  return {
    ...keysOf(identity),
    level,
    enrolled_at: rfc3339(enrolledAt),
    revoked_at: revokedAt === 0 ? null : rfc3339(revokedAt),
    revoked_reason: revokedReason === '' ? null : revokedReason,
  };
}

export const identityRoutes = [
  route({
    method: 'POST',
    path: '/v1/identities',
    tag: 'identities',
    summary: 'Enrol the keys of messages',
    description:
      'By a code of an `ocra` token whose question is SHA-256 of the RFC 8785 JSON `{"seal","sign","user","v":1}`: both thumbprints (RFC 7638), the user’s name. Keys that were in force are replaced. A key is enrolled once, for ever.',
    caller: 'user',
    device: true,
    repeatable: true,
    body: closed({ sign_jwk: GIVEN_JWK, seal_jwk: GIVEN_JWK, code: Code }),
    bodyExample: { sign_jwk: JWK_EXAMPLE, seal_jwk: JWK_EXAMPLE, code: '123456' },
    responses: { 201: { description: 'They are in force.', schema: Identity } },
    refusals: [
      'identity_key_invalid',
      'identity_key_taken',
      'bound_code_required',
      'code_wrong',
      'code_spent',
      'locked',
    ],
    async handle({ caller, body, path, address, idempotencyKey: key }, { context }) {
      const { session } = caller;
      const { sign_jwk: signJwk, seal_jwk: sealJwk, code } = body;
      const enrolled = await enrolIdentity(context, {
        ...{ session, signJwk, sealJwk, code, address },
        ...ownIdempotency(key, callerId(caller), { method: 'POST', path, body: { signJwk, sealJwk } }),
      });
      if (isRefusal(enrolled)) return enrolled;
      const found = await findIdentity(context, session.username);
      // Replaced or revoked at the very moment.
      if (!found) return refuse('identity_changed');
      return { status: 201, headers: replayed(enrolled.repeated), body: identityView(found) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/identities/vault',
    tag: 'identities',
    summary: 'Have the vault make keys of messages',
    description: `For a user without a device for them. Enrol both by \`POST /v1/identities\` within ${LIMITS.identityOfferedMs / 60_000} minutes; until then nothing is sealed to them. Another call replaces them.`,
    caller: 'user',
    body: closed({}),
    bodyExample: {},
    responses: {
      201: { description: 'Offered.', schema: closed({ sign_jwk: Jwk, seal_jwk: Jwk }) },
    },
    refusals: [],
    async handle({ caller }, { context }) {
      const offered = await offerVaultKeys(context, caller.session);
      if (isRefusal(offered)) return offered;
      return { status: 201, body: { sign_jwk: offered.signJwk, seal_jwk: offered.sealJwk } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/identities/vault/uses',
    tag: 'identities',
    summary: 'Sign and open by keys in the vault',
    description:
      'By a code of an `ocra` token whose question is SHA-256 of the RFC 8785 JSON `{"act":"apply_vault_keys","challenge","digest","user","v":1}`; `digest` is SHA-256 (lower-case hex) of the RFC 8785 JSON of `uses`. `sign`: SHA-256 of a JWS’s signing input; the answer is its ES256 signature. `open`: the `epk` of a message’s recipient; the answer is the key that unwraps its content key (A256KW). The challenge is spent.',
    caller: 'user',
    body: closed({
      uses: Type.Array(
        Type.Union([
          closed({ sign: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, hex.' }) }),
          closed({ open: Jwk }),
        ]),
        { minItems: 1, maxItems: LIMITS.identityUsesMax },
      ),
      challenge: Nonce,
      code: Code,
    }),
    bodyExample: {
      uses: [{ open: JWK_EXAMPLE }],
      challenge: '8f3c0ab1d2e4f5061728394a5b6c7d8e8f3c0ab1d2e4f5061728394a5b6c7d8e',
      code: '123456',
    },
    responses: {
      200: {
        description: 'In the order of the uses.',
        schema: closed({
          results: Type.Array(
            Type.Union([closed({ signature: Type.String() }), closed({ key: Type.String() })]),
          ),
        }),
      },
    },
    refusals: [
      'vault_keys_unknown',
      'identity_changed',
      'identity_key_invalid',
      'bound_code_required',
      'challenge_unknown',
      'challenge_expired',
      'challenge_spent',
      'code_wrong',
      'code_spent',
      'locked',
    ],
    async handle({ caller: { session }, body, address }, { context }) {
      const results = await applyVaultKeys(context, { session, ...body, address });
      if (isRefusal(results)) return results;
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
      return {
        status: 200,
        headers: { 'cache-control': 'no-store' },
        body: {
          results: results.map((each) =>
            'key' in each ? { key: text(each.key) } : { signature: text(each.signature) },
          ),
        },
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/identities/{user}',
    tag: 'identities',
    summary: 'The keys of somebody',
    description:
      'Those in force. Keep what you saw first: a change that its owner did not announce is an attack until shown otherwise.',
    caller: 'user_or_service',
    device: true,
    params: { user: Username },
    responses: { 200: { description: 'In force now.', schema: Identity } },
    refusals: ['identity_unknown'],
    async handle({ params }, { context }) {
      const found = await findIdentity(context, params.user);
      return found ? { status: 200, body: identityView(found) } : refuse('identity_unknown');
    },
  }),
  route({
    method: 'GET',
    path: '/v1/identities/{user}/attestation',
    tag: 'identities',
    summary: 'The keys of somebody, stated by the server',
    description:
      'A compact JWS (ES256) by a key of `/.well-known/jwks.json`, for a day: `sub`, both thumbprints, the level, the index.',
    caller: 'user_or_service',
    device: true,
    params: { user: Username },
    responses: { 200: { description: 'Signed now.', schema: closed({ attestation: Type.String() }) } },
    refusals: ['identity_unknown'],
    async handle({ params }, { context }) {
      const attestation = await attestIdentity(context, params.user);
      return attestation === undefined ? refuse('identity_unknown') : { status: 200, body: { attestation } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/identities/{user}/certificate',
    tag: 'identities',
    summary: 'X.509 certificates of somebody’s keys',
    description:
      'For a day, for what takes no JOSE (CMS, S/MIME). PEM: of the signing key, of the sealing key, and of the authority, which is the server’s signing key.',
    caller: 'user_or_service',
    device: true,
    params: { user: Username },
    responses: {
      200: {
        description: 'Issued now.',
        schema: closed({
          sign: Type.String(),
          seal: Type.String(),
          authority: Type.String(),
          expires_at: time('When they end.'),
        }),
      },
    },
    refusals: ['identity_unknown'],
    async handle({ params }, { context }) {
      const made = await certifyIdentity(context, params.user);
      if (!made) return refuse('identity_unknown');
      const { sign, seal, authority, notAfter } = made;
      return { status: 200, body: { sign, seal, authority, expires_at: rfc3339(notAfter) } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/identities',
    tag: 'identities',
    summary: 'One’s own keys, those of before as well',
    description: `The newest first, at most ${LIMITS.identitiesListedMax}.`,
    caller: 'user',
    device: true,
    responses: {
      200: { description: 'All.', schema: closed({ identities: Type.Array(OwnIdentity) }) },
    },
    refusals: [],
    async handle({ caller }, { context }) {
      const identities = await listOwnIdentities(context, caller.session);
      return { status: 200, body: { identities: identities.map(ownView) } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/identities/current',
    tag: 'identities',
    summary: 'Revoke one’s keys',
    description: 'At once and without a code, for a lost device: whoever looks is no longer shown them.',
    caller: 'user',
    device: true,
    responses: { 204: { description: 'No longer in force.' } },
    refusals: ['identity_unknown'],
    handle: async ({ caller: { session } }, { context }) =>
      (await revokeIdentity(context, session.userId, { session })) ?? { status: 204 },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/identities/{user}/verification',
    tag: 'administration',
    summary: 'Record that somebody’s keys were compared with the person',
    caller: 'admin',
    params: { user: Username },
    body: closed({
      sign: Thumbprint,
      seen: Type.String({
        minLength: 1,
        maxLength: LIMITS.identitySeenBytesMax,
        description: 'What was seen of the person, such as the kind of a document and its last digits.',
      }),
    }),
    bodyExample: {
      sign: 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
      seen: 'passport …3456, in the branch',
    },
    responses: { 204: { description: 'Recorded; the level is `operator`.' } },
    refusals: ['identity_unknown', 'identity_changed'],
    handle: async ({ caller: { session }, params, body }, { context }) =>
      (await verifyIdentity(context, { username: params.user, ...body, by: session.username })) ?? {
        status: 204,
      },
  }),
  route({
    method: 'DELETE',
    path: '/v1/admin/identities/{user}',
    tag: 'administration',
    summary: 'Revoke somebody’s keys',
    caller: 'admin',
    params: { user: Username },
    responses: { 204: { description: 'No longer in force.' } },
    refusals: ['identity_unknown'],
    async handle({ caller: { session }, params }, { context }) {
      const found = await context.store.findIdentity(params.user);
      if (!found) return refuse('identity_unknown');
      return (await revokeIdentity(context, found.userId, { by: session.username })) ?? { status: 204 };
    },
  }),
];
