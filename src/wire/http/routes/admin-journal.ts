import Type from 'typebox';
import { refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import { callerId } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ENTRY_FILTERS, Order, SEARCH_DESCRIPTION, SEARCHED, searchPage } from '../entry-search.ts';
import { exportJournal } from '../journal-export.ts';
import { Entry } from '../journal-view.ts';
import { route } from '../route.ts';
import { Cursor, closed, Limit, NextCursor, named, time } from '../schema.ts';

const Verification = named(
  'JournalVerification',
  closed({
    status: Type.Enum(['none', 'running', 'whole', 'faulty', 'failed'], {
      description: '`failed`: it could not be read to its end, which says nothing about it.',
    }),
    started_at: Type.Optional(time('When it began.')),
    finished_at: Type.Optional(time('When it ended.')),
    entries: Type.Integer({ description: 'Read so far.' }),
    users: Type.Integer(),
    fault: Type.Optional(
      closed({
        entry: Type.Integer({ description: 'Counted from 1 in the order of the journal.' }),
        user: Type.String(),
        version: Type.Integer(),
        reason: Type.String(),
        detail: Type.String(),
      }),
    ),
  }),
);

function verificationView({ verification }: HttpDependencies) {
  const { status, startedAt, finishedAt, entries, users, fault } = verification.state;
  return {
    ...{ status, entries, users },
    ...(startedAt === undefined ? {} : { started_at: rfc3339(startedAt) }),
    ...(finishedAt === undefined ? {} : { finished_at: rfc3339(finishedAt) }),
    ...(fault === undefined ? {} : { fault }),
  };
}

export const adminJournalRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/journal',
    tag: 'administration',
    summary: "Search everybody's entries",
    description: SEARCH_DESCRIPTION,
    caller: 'auditor',
    query: {
      ...ENTRY_FILTERS,
      order: Type.Optional(Order),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ entries: Type.Array(Entry), next_cursor: NextCursor, ...SEARCHED }),
      },
    },
    refusals: ['cursor_invalid', 'user_unknown'],
    handle: ({ caller, query }, dependencies) =>
      searchPage(dependencies, caller, 'admin-journal', { order: 'newest', ...query }),
  }),
  route({
    method: 'GET',
    path: '/v1/admin/journal/verification',
    tag: 'administration',
    summary: 'What the last verification of the journal found',
    caller: 'auditor',
    responses: { 200: { description: 'Since this server started.', schema: Verification } },
    refusals: [],
    handle: (_request, dependencies) => ({ status: 200, body: verificationView(dependencies) }),
  }),
  route({
    method: 'POST',
    path: '/v1/admin/journal/verification',
    tag: 'administration',
    summary: 'Verify the journal as it is now',
    description:
      'Each body canonical, each chain of hashes without a gap. Entries missing at the end of a chain are found by `sello audit verify`.',
    caller: 'auditor',
    responses: { 202: { description: 'Begun, or running already.', schema: Verification } },
    refusals: [],
    handle(_request, dependencies) {
      dependencies.verification.start();
      return { status: 202, body: verificationView(dependencies) };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/admin/journal/export',
    tag: 'administration',
    summary: 'The journal as a file that `sello audit verify` checks',
    caller: 'auditor',
    responses: {
      200: {
        description: 'A line an entry, in the order of the journal.',
        contentType: 'application/x-ndjson',
      },
    },
    refusals: ['busy'],
    handle(request, { context, exporting }) {
      const holderMax = LIMITS.exportStreamsPerCallerMax;
      const place = exporting.take({ holder: callerId(request.caller), holderMax });
      if (!place) return refuse('busy', { retryAfterMs: 5_000 });
      const gone = request.gone();
      return {
        stream(response, common) {
          response.on('error', () => {});
          response.writeHead(200, {
            ...common,
            'content-type': 'application/x-ndjson; charset=utf-8',
            'content-disposition': 'attachment; filename="sello-journal.ndjson"',
          });
          void exportJournal(context.store, response, gone).finally(() => {
            place.release();
          });
        },
      };
    },
  }),
];
