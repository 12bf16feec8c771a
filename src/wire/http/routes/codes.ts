import Type, { type Static } from 'typebox';
import { nonceIssuedAt } from '../../../domain/challenge/nonce.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import type { CanonicalTransaction } from '../../../domain/transaction/canonical-transaction.ts';
import { makeTransfer } from '../../../domain/transaction/transfer.ts';
import { foreignIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { Account, Amount, Code, Currency, closed, Nonce, Username } from '../schema.ts';

const BoundTransaction = closed({
  payer: Account,
  payee: Account,
  amount: Amount,
  currency: Type.Optional(Currency),
  challenge: Nonce,
  v: Type.Optional(Type.Literal(1, { description: 'As the canonical transaction has it.' })),
});

function canonical(
  given: Static<typeof BoundTransaction>,
  currencyDefault: string,
): CanonicalTransaction | Refusal {
  const transfer = makeTransfer(given, currencyDefault);
  if (isRefusal(transfer)) return transfer;
  if (nonceIssuedAt(given.challenge) === undefined) return refuse('challenge_unknown');
  return { ...transfer, challenge: given.challenge, v: 1 };
}

export const codeRoutes = [
  route({
    method: 'POST',
    path: '/v1/codes/validation',
    tag: 'codes',
    summary: 'Check a code, for a VPN or a log-in server',
    description:
      'Always 200 for a decision. A valid code is spent; a wrong one counts, and locks, as any other. With `transaction`, a bound code over it and over a challenge issued to this service. A user who does not exist is answered as one whose code is wrong.',
    caller: 'service',
    scope: 'codes:verify',
    repeatable: true,
    body: closed({ username: Username, code: Code, transaction: Type.Optional(BoundTransaction) }),
    bodyExample: { username: 'alice', code: '492039' },
    responses: {
      200: {
        description: 'The decision.',
        schema: closed({
          valid: Type.Boolean(),
          reason: Type.Optional(Type.String({ description: 'Why not: a code of the error table.' })),
          retry_after_ms: Type.Optional(
            Type.Integer({ minimum: 0, description: 'No code of this user is evaluated before.' }),
          ),
        }),
        example: { valid: true },
      },
    },
    refusals: ['account_invalid', 'amount_invalid', 'currency_unknown'],
    async handle({ caller, body, path, idempotencyKey: key }, { context, codeValidator }) {
      const { serviceId } = caller.service;
      const transaction = body.transaction && canonical(body.transaction, context.settings.currencyDefault);
      if (isRefusal(transaction)) return transaction;
      const validation = await codeValidator.validate({
        ...{ username: body.username, code: body.code, serviceId },
        ...(transaction ? { transaction } : {}),
        ...foreignIdempotency(key, caller, { method: 'POST', path, body }),
      });
      if (isRefusal(validation)) return validation;
      const { valid, reason, retryAfterMs } = validation;
      return {
        status: 200,
        headers: replayed(validation.repeated),
        body: {
          valid,
          ...(reason === undefined ? {} : { reason }),
          ...(retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(retryAfterMs) }),
        },
      };
    },
  }),
];
