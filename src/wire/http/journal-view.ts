import Type, { type Static } from 'typebox';
import { decodeBody, rfc3339 } from '../../domain/journal/entry.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import { closed, named, time } from './schema.ts';

export const Entry = named(
  'JournalEntry',
  closed({
    position: Type.Optional(Type.Integer({ description: 'In the journal of all; for auditors.' })),
    hash: Type.String({
      description: "SHA-256(hash of the user's entry before ‖ body as RFC 8785 JSON), hex.",
    }),
    content_absent: Type.Optional(
      Type.Literal(true, {
        description:
          'Reason, detail and transaction are not shown: the entry is in a file of the archive that is not on this server.',
      }),
    ),
    body: closed({
      at: time('When.'),
      type: Type.String({ description: 'Such as transaction.approved.' }),
      user: Type.String(),
      version: Type.Integer({ description: "Of the user's entries, from 1 without a gap." }),
      reason: Type.Optional(Type.String()),
      detail: Type.Optional(
        Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
      ),
      transaction: Type.Optional(
        closed({
          amount: Type.String(),
          challenge: Type.String(),
          currency: Type.String(),
          id: Type.String(),
          payee: Type.String(),
          payer: Type.String(),
          v: Type.Integer(),
        }),
      ),
    }),
  }),
);

/**
 * @param all whether an auditor asks. Only auditors see positions, which tell how many entries all users have. An entry
 * that is not settled yet has none.
 */
export function entryView(
  { position, hash, body, at, type, version }: JournalEntry,
  all: boolean,
): Static<typeof Entry> {
  const place = all && position > 0 ? { position } : {};
  if (body !== '') return { ...place, hash, body: decodeBody(body) };
  return { ...place, hash, content_absent: true, body: { at: rfc3339(at), type, user: '', version } };
}
