import Type from 'typebox';
import { endOtherSession, listSessions } from '../../../application/sessions/manage-sessions.ts';
import { shortSessionId } from '../../../application/sessions/short-session-id.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { callerId } from '../caller.ts';
import { newestFirst, pageOf } from '../list-page.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, time } from '../schema.ts';

const OwnSession = named(
  'OwnSession',
  closed({
    id: Id,
    kind: Type.Enum(['login', 'device', 'enrolment']),
    label: Type.String({ description: 'Where it is from, as the client said: text, never markup.' }),
    token: Type.Union([Id, Type.Null()], { description: 'Of a device: its token.' }),
    created_at: time('When it began.'),
    expires_at: time('When it ends.'),
    current: Type.Boolean({ description: 'The session of this request.' }),
  }),
);

// Why: docs/DECISIONS.md#the-browsers-cookie-has-its-own-route
export const ownSessionRoutes = [
  route({
    method: 'GET',
    path: '/v1/sessions',
    tag: 'sessions',
    summary: 'List open sessions',
    description: 'Log-ins, devices (virtual tokens) and open invitations to enrol one; the newest first.',
    caller: 'user',
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ sessions: Type.Array(OwnSession), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, { context, cursors }) {
      const rows = await listSessions(context, caller.session);
      if (isRefusal(rows)) return rows;
      const page = await pageOf(cursors, ['sessions', callerId(caller)], rows, query, (row) =>
        newestFirst(row.createdAt, shortSessionId(row)),
      );
      if (isRefusal(page)) return page;
      const sessions = page.items.map((row) => ({
        id: shortSessionId(row),
        kind: row.kind,
        label: row.label,
        token: row.kind === 'device' ? row.tokenId : null,
        created_at: rfc3339(row.createdAt),
        expires_at: rfc3339(row.expiresAt),
        current: row.sessionId === caller.session.sessionId,
      }));
      return { status: 200, body: { sessions, next_cursor: page.next } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    tag: 'sessions',
    summary: 'End a session, or withdraw an invitation',
    caller: 'user',
    params: { id: Id },
    responses: { 204: { description: 'Ended everywhere.' } },
    refusals: ['session_unknown'],
    async handle({ caller, params }, { context }) {
      return (await endOtherSession(context, caller.session, params.id)) ?? { status: 204 };
    },
  }),
];
