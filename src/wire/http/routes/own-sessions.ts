import Type from 'typebox';
import { endOtherSession, listSessions, shortSessionId } from '../../../application/manage-sessions.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal.ts';
import { route } from '../route.ts';
import { closed, Id, named, time } from '../schema.ts';

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

export const ownSessionRoutes = [
  route({
    method: 'GET',
    path: '/v1/sessions',
    tag: 'sessions',
    summary: 'List the sessions that hold',
    description: 'Log-ins, devices (virtual tokens) and open invitations to enrol one; the newest first.',
    caller: 'user',
    answers: { 200: { description: 'All.', schema: closed({ sessions: Type.Array(OwnSession) }) } },
    refusals: [],
    async handle({ caller }, { context }) {
      const rows = await listSessions(context, caller.session);
      if (isRefusal(rows)) return rows;
      const sessions = rows.map((row) => ({
        id: shortSessionId(row),
        kind: row.kind,
        label: row.label,
        token: row.kind === 'device' ? row.tokenId : null,
        created_at: rfc3339(row.createdAt),
        expires_at: rfc3339(row.expiresAt),
        current: row.sessionId === caller.session.sessionId,
      }));
      return { status: 200, body: { sessions } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    tag: 'sessions',
    summary: 'End a session, or withdraw an invitation',
    caller: 'user',
    params: { id: Id },
    answers: { 204: { description: 'Ended everywhere.' } },
    refusals: ['session_unknown'],
    async handle({ caller, params }, { context }) {
      return (await endOtherSession(context, caller.session, params.id)) ?? { status: 204 };
    },
  }),
];
