import Type from 'typebox';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { parseCheckpoint } from '../../../domain/log/checkpoint.ts';
import { parseNote } from '../../../domain/log/signed-note.ts';
import { route } from '../route.ts';
import { closed, time } from '../schema.ts';

const Checkpoint = closed({
  size: Type.Integer({ description: 'Entries that it covers.' }),
  at: time('When it was signed.'),
  origin: Type.String(),
  root: Type.String({ description: 'In base64.' }),
  note: Type.String({ description: 'The signed note, with the cosignatures of witnesses.' }),
});

const Witness = closed({
  name: Type.String(),
  status: Type.Enum(['waiting', 'signing', 'failing'], {
    description:
      '`waiting`: not asked by this server, which is not the one that seals, or has not been since it started.',
  }),
  signed_size: Type.Integer({ description: 'Of the last checkpoint that it signed for this server.' }),
  reason: Type.String({ description: 'Why it does not sign; empty where it does.' }),
});

export const adminLogRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/log',
    tag: 'administration',
    summary: 'The state of the transparency log, its witnesses and the archive',
    caller: 'auditor',
    responses: {
      200: {
        description: 'As this server knows it.',
        schema: closed({
          verifier_key: Type.String(),
          checkpoint: Type.Union([Checkpoint, Type.Null()]),
          entries_waiting: Type.Integer({ description: 'Committed, and not sealed yet.' }),
          sealing: Type.Boolean({ description: 'Whether this server is the one that seals.' }),
          failing: Type.Boolean({ description: 'Whether it could not seal at its last turn.' }),
          witnesses: Type.Array(Witness),
          archive: closed({
            archived: Type.Integer({ description: 'Entries whose content is in files.' }),
            archived_at: Type.Union([time('When the last file was written.'), Type.Null()]),
            users_erased: Type.Integer(),
            erasures_running: Type.Integer({ description: 'Whose entries still have content somewhere.' }),
          }),
        }),
      },
    },
    refusals: [],
    async handle(_request, { context }) {
      const { store, logKey, logStatus, witnesses } = context;
      const [key, last, [latest], retention, erasures] = await Promise.all([
        logKey.text(),
        store.log.lastCheckpoint(),
        store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 }),
        store.retention.readRetention(),
        store.retention.listErasures(),
      ]);
      const checkpoint = last && parseCheckpoint(parseNote(last.note)?.text ?? '');
      return {
        status: 200,
        body: {
          verifier_key: key,
          checkpoint:
            last && checkpoint
              ? {
                  ...{ size: last.size, at: rfc3339(last.at), origin: checkpoint.origin, note: last.note },
                  root: Buffer.from(checkpoint.root).toString('base64'),
                }
              : null,
          entries_waiting: Math.max(0, (latest?.position ?? 0) - (last?.size ?? 0)),
          ...{ sealing: logStatus.sealing, failing: logStatus.failing },
          witnesses: witnesses.states.map(({ name, status, signedSize, reason }) => ({
            ...{ name, status, reason },
            signed_size: signedSize,
          })),
          archive: {
            archived: retention.archived,
            archived_at: retention.archivedAt === 0 ? null : rfc3339(retention.archivedAt),
            users_erased: erasures.length,
            erasures_running: erasures.filter(({ done }) => !done).length,
          },
        },
      };
    },
  }),
];
