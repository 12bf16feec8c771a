import Type from 'typebox';
import { tokenView } from '../../application/tokens/token-view.ts';
import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { decodeState } from '../../domain/user-state.ts';
import type { UserRecord } from '../../ports/store.ts';
import type { Cursors } from './cursor.ts';
import { oldestFirst, pageOf } from './list-page.ts';
import type { RouteResponse } from './route.ts';
import { closed, Id, NextCursor, named, time } from './schema.ts';

export const TokenType = Type.Enum(['totp', 'hotp', 'ocra']);
export const Algorithm = Type.Union([Type.Literal('sha1'), Type.Literal('sha256'), Type.Literal('sha512')]);

export const EnrolledToken = named(
  'EnrolledToken',
  closed({
    id: Id,
    type: TokenType,
    digits: Type.Integer(),
    algorithm: Algorithm,
    secret: Type.String({ description: 'The seed in base32, told this once.' }),
    otpauth_uri: Type.Optional(
      Type.String({ description: 'For `totp` and `hotp`: what a QR code carries.' }),
    ),
    period_s: Type.Optional(Type.Integer()),
    suite: Type.Optional(Type.String({ description: 'For `ocra`: of RFC 6287 section 6.' })),
    activation_question: Type.Optional(
      Type.String({ description: 'For `ocra`: its first code answers this (hex) at the current minute.' }),
    ),
  }),
);

export const Token = named(
  'Token',
  closed({
    id: Id,
    type: TokenType,
    status: Type.Enum(['pending', 'active', 'revoked']),
    digits: Type.Integer(),
    algorithm: Algorithm,
    period_s: Type.Optional(Type.Integer()),
    suite: Type.Optional(Type.String()),
    label: Type.String(),
    created_at: time('When it was enrolled.'),
    uses: Type.Integer({ description: 'How many codes of it were accepted.' }),
    last_used_at: Type.Union([time('When the last one was.'), Type.Null()]),
    drift_steps: Type.Integer({ description: 'By how many steps its clock was ahead then.' }),
    locked_until: Type.Union([time('No code is evaluated before.'), Type.Null()], {
      description:
        'After too many wrong codes in this session; for an administrator, anywhere. It is of all tokens of the user.',
    }),
  }),
);

export const TokenList = closed({ tokens: Type.Array(Token), next_cursor: NextCursor });

/**
 * A page of a user's tokens.
 * @param list the list's name and its caller, for the cursor
 * @param at now, in ms since 1970
 * @param lockedMs how long codes are locked for the caller, or for an administrator for anyone
 */
export async function tokenPage(
  cursors: Cursors,
  list: readonly string[],
  record: UserRecord | undefined,
  at: number,
  query: { readonly limit?: number; readonly cursor?: string },
  lockedMs: number,
): Promise<RouteResponse | Refusal> {
  const tokens = record?.tokens ?? [];
  const page = await pageOf(cursors, list, tokens, query, (token) =>
    oldestFirst(token.createdAt, token.tokenId),
  );
  if (isRefusal(page)) return page;
  const state = record ? decodeState(record.state) : {};
  const views = page.items.map((token) => tokenView(token, state, at, lockedMs));
  return { status: 200, body: { tokens: views, next_cursor: page.next } };
}
