import Type from 'typebox';
import type { Context } from '../../../application/context.ts';
import { codesLockedForMs } from '../../../application/lockout/attempt-by.ts';
import type { Session } from '../../../application/sessions/session.ts';
import { activateToken } from '../../../application/tokens/activate-token.ts';
import { deviceIdOf } from '../../../application/tokens/device.ts';
import { enrolToken } from '../../../application/tokens/enrol-token.ts';
import { resynchroniseToken } from '../../../application/tokens/resynchronise-token.ts';
import { listTokenUses } from '../../../application/tokens/token-uses.ts';
import { enrolmentView, tokenView } from '../../../application/tokens/token-view.ts';
import { revokeToken } from '../../../application/users/administer-user.ts';
import { userFrom } from '../../../application/users/user.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { withoutBlanks } from '../../../domain/otp/typed-code.ts';
import { decodeState } from '../../../domain/user-state.ts';
import { LIMITS } from '../../../limits.ts';
import type { UserRecord } from '../../../ports/store.ts';
import { callerId } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Code, Cursor, closed, Id, Limit, NextCursor, named, time } from '../schema.ts';
import { SHOWN_OR_RECOVERY, SHOWN_REFUSALS, shownOf } from '../shown.ts';
import { Algorithm, EnrolledToken, Token, TokenList, TokenType, tokenPage } from '../token-view.ts';

/** Refuses a device that is about to change a token other than its own. */
function isOwn({ kind, tokenId }: Session, id: string): boolean {
  return kind === 'login' || deviceIdOf(id) === deviceIdOf(tokenId);
}

async function tokenOf({ context }: HttpDependencies, { userId, sessionId }: Session, id: string) {
  const at = context.decider.now();
  const [record] = await context.store.load([userId], at);
  const token = record?.tokens.find(({ tokenId }) => tokenId === id);
  const lockedMs = lockedForMs(context, record, sessionId, at);
  return record && token && tokenView(token, decodeState(record.state), at, lockedMs);
}

function lockedForMs({ settings }: Context, record: UserRecord | undefined, sessionId: string, at: number) {
  return record ? codesLockedForMs(userFrom(record), sessionId, at, settings.lockout) : 0;
}

const Use = named(
  'TokenUse',
  closed({
    at: time('When.'),
    accepted: Type.Boolean(),
    reason: Type.Optional(Type.String({ description: 'Why not: a code of the error table.' })),
    for: Type.Enum(['log_in', 'transaction', 'validation', 'activation']),
    transaction: Type.Optional(Id),
  }),
);

export const tokenRoutes = [
  route({
    method: 'POST',
    path: '/v1/tokens',
    tag: 'tokens',
    summary: 'Enrol a token',
    description:
      'The secret is shown once. The token waits for its first code (activation); an `ocra` token answers `activation_question` with it. A user with a token or passkey must show it in this request: a `code` (`totp` or `hotp`), whatever the session has shown before; an `ocra` token’s `code` with its `challenge`, over SHA-256 of the RFC 8785 JSON `{"act":"enrol_token","challenge":…,"user":…,"v":1}`; or a `passkey` (`POST /v1/sessions/current/proof/options`).',
    caller: 'user',
    repeatable: true,
    body: closed({
      type: TokenType,
      digits: Type.Optional(Type.Integer({ minimum: 6, maximum: 8 })),
      period_s: Type.Optional(Type.Integer({ minimum: 15, maximum: 300 })),
      algorithm: Type.Optional(Algorithm),
      label: Type.Optional(Type.String({ maxLength: LIMITS.labelBytesMax })),
      ...SHOWN_OR_RECOVERY,
    }),
    bodyExample: { type: 'totp', digits: 6, period_s: 30, algorithm: 'sha1', label: 'phone' },
    responses: { 201: { description: 'Enrolled.', schema: EnrolledToken } },
    refusals: ['token_parameters_invalid', 'tokens_too_many', 'rate_limited', ...SHOWN_REFUSALS],
    async handle({ caller, body, path, idempotencyKey: key }, { context, site }) {
      const { userId, username } = caller.session;
      const { code: _, challenge: __, passkey: ___, recovery_code: ____, ...wanted } = body;
      const { type, digits, period_s: periodS, algorithm, label } = wanted;
      // A repeated request sees the seed again only from the session that made it.
      const owner = `${callerId(caller)}/${caller.session.sessionId}`;
      const enrolled = await enrolToken(context, {
        ...{ userId, type, session: caller.session },
        ...(digits === undefined ? {} : { digits }),
        ...(periodS === undefined ? {} : { periodS }),
        ...(algorithm === undefined ? {} : { algorithm }),
        ...(label === undefined ? {} : { label }),
        shown: shownOf(body, site),
        ...ownIdempotency(key, owner, { method: 'POST', path, body: wanted }),
      });
      if (isRefusal(enrolled)) return enrolled;
      const view = enrolmentView(enrolled.token, enrolled.seed, username, context.settings.tokenIssuer);
      return {
        status: 201,
        headers: { ...replayed(enrolled.repeated), location: `/v1/tokens/${view.id}` },
        body: view,
      };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/tokens/{id}/activation',
    tag: 'tokens',
    summary: 'Confirm a token by its first code',
    description: 'Of a device that got two tokens, the code of either confirms both.',
    caller: 'user',
    device: true,
    repeatable: true,
    params: { id: Id },
    body: closed({ code: Code }),
    bodyExample: { code: '492039' },
    responses: { 200: { description: 'Active.', schema: Token } },
    refusals: [
      ...(['token_unknown', 'token_not_pending', 'token_parameters_ignored'] as const),
      ...(['code_required', 'code_wrong', 'locked'] as const),
    ],
    async handle({ caller, params, body, path, idempotencyKey: key }, dependencies) {
      const { userId } = caller.session;
      if (!isOwn(caller.session, params.id)) return refuse('token_unknown');
      const activated = await activateToken(dependencies.context, {
        ...{ userId, tokenId: params.id, code: body.code, session: caller.session },
        ...ownIdempotency(key, callerId(caller), { method: 'POST', path }),
      });
      if (isRefusal(activated)) return activated;
      const view = await tokenOf(dependencies, caller.session, params.id);
      if (!view) throw new Error('an activated token is not there');
      return { status: 200, headers: replayed(activated.repeated), body: view };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/tokens/{id}/resynchronisation',
    tag: 'tokens',
    summary: 'Resynchronise a HOTP token',
    description:
      'By two codes that it shows one after the other (RFC 4226 section 7.4), where its codes are refused because it showed many that were not used: up to 1,000 ahead. A wrong pair counts as a wrong code.',
    caller: 'user',
    params: { id: Id },
    body: closed({ codes: Type.Tuple([Code, Code]) }),
    bodyExample: { codes: ['492039', '118340'] },
    responses: { 200: { description: 'Its next code is accepted.', schema: Token } },
    refusals: ['token_unknown', 'code_wrong', 'locked'],
    async handle({ caller: { session }, params, body }, dependencies) {
      const [first, second] = body.codes;
      const done = await resynchroniseToken(dependencies.context, {
        ...{ userId: session.userId, tokenId: params.id, session },
        codes: [withoutBlanks(first), withoutBlanks(second)],
      });
      if (isRefusal(done)) return done;
      const view = await tokenOf(dependencies, session, params.id);
      if (!view) throw new Error('a resynchronised token is not there');
      return { status: 200, body: view };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/tokens',
    tag: 'tokens',
    summary: 'List tokens',
    caller: 'user',
    description: 'Revoked ones included, the oldest first.',
    device: true,
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: { 200: { description: 'A page.', schema: TokenList } },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, dependencies) {
      const { context, cursors } = dependencies;
      const at = context.decider.now();
      const [record] = await context.store.load([caller.session.userId], at);
      const { sessionId } = caller.session;
      const lockedMs = lockedForMs(context, record, sessionId, at);
      return tokenPage(cursors, ['tokens', callerId(caller)], record, at, query, lockedMs);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    tag: 'tokens',
    summary: 'Revoke a token',
    description:
      'With the other token of its device and the sessions of that. The session must have shown a code or passkey in the last minutes (`POST /v1/sessions/current/proof`); a virtual token may revoke itself, and one that waits for its first code goes without.',
    caller: 'user',
    device: true,
    params: { id: Id },
    responses: { 204: { description: 'Its codes are refused from now on.' } },
    refusals: ['token_unknown', 'proof_required'],
    async handle({ caller, params }, { context }) {
      if (!isOwn(caller.session, params.id)) return refuse('token_unknown');
      const { session } = caller;
      const revoked = await revokeToken(context, session.userId, params.id, { session });
      return isRefusal(revoked) ? revoked : { status: 204 };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/tokens/{id}/uses',
    tag: 'tokens',
    summary: 'What a token was used for',
    description:
      'Codes accepted of it, and those refused, the newest first. A wrong code is of no token, so it is listed with each that could have shown it.',
    caller: 'user',
    device: true,
    params: { id: Id },
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: { description: 'A page.', schema: closed({ uses: Type.Array(Use), next_cursor: NextCursor }) },
    },
    refusals: ['token_unknown', 'cursor_invalid'],
    async handle({ caller, params, query }, dependencies) {
      const { userId } = caller.session;
      const list = ['uses', callerId(caller), params.id];
      const sortKey = await dependencies.cursors.read(list, query.cursor);
      if (isRefusal(sortKey)) return sortKey;
      const [record] = await dependencies.context.store.load([userId], dependencies.context.decider.now());
      const token = record?.tokens.find(({ tokenId }) => tokenId === params.id);
      if (!token) return refuse('token_unknown');
      const { uses, next } = await listTokenUses(dependencies.context, token, {
        below: sortKey === undefined ? Number.POSITIVE_INFINITY : Number(sortKey),
        limit: query.limit ?? LIMITS.pageSize,
      });
      const views = uses.map(({ at, accepted, reason, purpose, transactionId }) => ({
        at: rfc3339(at),
        accepted,
        ...(reason === undefined ? {} : { reason }),
        for: purpose,
        ...(transactionId === undefined ? {} : { transaction: transactionId }),
      }));
      const nextCursor = next === undefined ? null : await dependencies.cursors.write(list, `${next}`);
      return { status: 200, body: { uses: views, next_cursor: nextCursor } };
    },
  }),
];
