import Type, { type Static } from 'typebox';
import type { Authorisation } from '../../application/transactions/authorisation.ts';
import type { RequestedBy } from '../../application/transactions/requested-by.ts';
import type { TransactionView } from '../../application/transactions/transaction-view.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { shortChallenge } from '../../domain/transaction/short-challenge.ts';
import { Account, Currency, closed, Id, named, time } from './schema.ts';

export const Status = Type.Enum(['pending', 'approved', 'refused', 'expired', 'cancelled']);

export const Transaction = named(
  'Transaction',
  closed({
    id: Id,
    status: Status,
    payer: Account,
    payee: Account,
    amount: Type.String({
      description: "With exactly the currency's decimals, as in the canonical transaction.",
    }),
    currency: Currency,
    payee_resembles: Type.Optional(
      Type.String({
        ...Account,
        description:
          'To its user, of a pending transaction: an account that they paid before and that looks like the payee, but is written with other characters. Warn of it.',
      }),
    ),
    requested_by: Type.Optional(
      closed({
        service: Type.String({ description: 'The name of the service that asked, at that time.' }),
        reference: Type.Optional(Type.String({ description: 'As the service gave it.' })),
        message: Type.Optional(Type.String({ description: 'The same.' })),
      }),
    ),
    challenge: Type.Optional(
      Type.String({
        description: 'Of a pending transaction: what its bound code must cover, with the four members above.',
      }),
    ),
    challenge_short: Type.Optional(
      Type.String({
        description:
          'Of a pending transaction: twelve digits in place of the challenge, for a token into which payee and amount are typed. The code is then sent with `form` `short`.',
      }),
    ),
    requested_at: time('When it was asked for.'),
    expires_at: Type.Optional(time('Until when it waits, where it waited for its user.')),
    decided_at: Type.Optional(time('When it was decided.')),
    reason: Type.Optional(
      Type.String({ description: 'Why it was refused: a code of the error table, or user_refused.' }),
    ),
    receipt: Type.Optional(Type.String({ description: 'JWS, where it was asked for.' })),
    required: Type.Optional(
      Type.Array(Type.Enum(['bound_code']), {
        description:
          'Of the answer to a request beyond the velocity limit: the proofs that its approval needs.',
      }),
    ),
    limit: Type.Optional(
      Type.String({
        description: 'With `required`: the limit that it exceeds, such as `velocity: 5000.00 EUR / 24 h`.',
      }),
    ),
  }),
);

export const TRANSACTION_EXAMPLE = {
  id: '019ac3f2-7c1b-7d3e-8a51-6c0d9be2f1a7',
  status: 'pending',
  payer: 'ES7921000813610123456789',
  payee: 'DE89370400440532013000',
  amount: '1250.00',
  currency: 'EUR',
  challenge: `019ac3f27c1b${'5e'.repeat(26)}`,
  challenge_short: '737453210935',
  requested_at: '2026-01-02T03:04:05.000Z',
  expires_at: '2026-01-02T03:06:05.000Z',
};

/** @param payeeResembles an account that the user paid before */
export function transactionView(
  view: TransactionView,
  {
    payeeResembles,
    requestedBy,
  }: { payeeResembles?: string | undefined; requestedBy?: RequestedBy | undefined } = {},
): Static<typeof Transaction> {
  const { id, status, payer, payee, amount, currency, challenge, requestedAt, expiresAt, decidedAt, reason } =
    view;
  return {
    ...{ id, status, payer, payee, amount, currency, challenge },
    ...(status === 'pending' ? { challenge_short: shortChallenge(challenge) } : {}),
    ...(requestedBy === undefined ? {} : { requested_by: requestedBy }),
    ...(payeeResembles === undefined ? {} : { payee_resembles: payeeResembles }),
    requested_at: rfc3339(requestedAt),
    ...(expiresAt === undefined ? {} : { expires_at: rfc3339(expiresAt) }),
    ...(decidedAt === undefined ? {} : { decided_at: rfc3339(decidedAt) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A transaction that was approved at once. */
export function authorisationView(authorisation: Authorisation): Static<typeof Transaction> {
  const { transactionId: id, transfer, at, receipt } = authorisation;
  const { payer, payee, amount, currency } = transfer;
  return {
    ...{ id, status: 'approved', payer, payee, amount, currency },
    requested_at: rfc3339(at),
    decided_at: rfc3339(at),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
