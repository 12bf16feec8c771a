import Type from 'typebox';
import { decideTransaction } from '../../../application/transactions/decide-transaction.ts';
import type { EndedTransaction } from '../../../application/transactions/ended-transaction.ts';
import {
  findServiceTransaction,
  findTransaction,
} from '../../../application/transactions/find-transactions.ts';
import { viewOfRow } from '../../../application/transactions/transaction-view.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import type { UserCaller } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { foreignIdempotency, ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { type RouteResponse, route } from '../route.ts';
import { Code, closed, Id } from '../schema.ts';
import { TRANSACTION_EXAMPLE, Transaction, transactionView } from '../transaction-view.ts';

interface DecisionAsked {
  readonly params: { readonly id: string };
  readonly path: string;
  readonly idempotencyKey: string | undefined;
}

/** Decides a transaction of the caller's own. Another user's transaction does not exist for them. */
async function byUser(
  { context }: HttpDependencies,
  { session }: UserCaller,
  { params, path, idempotencyKey: key }: DecisionAsked,
  decision:
    | { readonly decision: 'approve'; readonly code: string; readonly isShort: boolean }
    | { readonly decision: 'refuse' },
): Promise<RouteResponse | Refusal> {
  const { userId } = session;
  const owner = `user/${userId}`;
  const ended = await decideTransaction(context, {
    ...decision,
    ...{ session, userId, transactionId: params.id },
    ...ownIdempotency(key, owner, { method: 'POST', path }),
  });
  if (!isRefusal(ended)) return answer(ended);
  const late = ended.refused === 'transaction_decided';
  return late && !(await findTransaction(context, userId, params.id)) ? refuse('transaction_unknown') : ended;
}

function answer(ended: EndedTransaction): RouteResponse {
  return { status: 200, headers: replayed(ended.repeated), body: transactionView(viewOfRow(ended)) };
}

const RESPONSES = {
  200: {
    description: 'Decided.',
    schema: Transaction,
    example: { ...TRANSACTION_EXAMPLE, status: 'approved', decided_at: '2026-01-02T03:04:20.000Z' },
  },
} as const;

export const decisionRoutes = [
  route({
    method: 'POST',
    path: '/v1/transactions/{id}/approval',
    tag: 'transactions',
    summary: 'Approve, by a code over payee and amount',
    description:
      'The code is bound to this transaction: a plain one is refused, whatever the policy. A wrong code counts, and the transaction goes on waiting. One that comes too late is 409 and counts nothing.',
    caller: 'user',
    device: true,
    repeatable: true,
    params: { id: Id },
    body: closed({
      code: Code,
      form: Type.Optional(
        Type.Enum(['canonical', 'short'], {
          description:
            'Over what the code is: the canonical transaction (the default), or the short form, for a token into which payee, amount and `challenge_short` are typed.',
        }),
      ),
    }),
    bodyExample: { code: '492039' },
    responses: RESPONSES,
    refusals: [
      'transaction_unknown',
      'transaction_decided',
      'challenge_expired',
      'code_wrong',
      'code_spent',
      'bound_code_required',
      'locked',
    ],
    handle: (request, dependencies) =>
      byUser(dependencies, request.caller, request, {
        decision: 'approve',
        code: request.body.code,
        isShort: request.body.form === 'short',
      }),
  }),
  route({
    method: 'POST',
    path: '/v1/transactions/{id}/refusal',
    tag: 'transactions',
    summary: 'Refuse: “this was not me”',
    description: 'Recorded, and told to whoever follows the events.',
    caller: 'user',
    device: true,
    repeatable: true,
    params: { id: Id },
    responses: RESPONSES,
    refusals: ['transaction_unknown', 'transaction_decided'],
    handle: (request, dependencies) => byUser(dependencies, request.caller, request, { decision: 'refuse' }),
  }),
  route({
    method: 'POST',
    path: '/v1/transactions/{id}/cancellation',
    tag: 'transactions',
    summary: 'Cancel, by the service that asked',
    caller: 'service',
    scope: 'transactions:write',
    repeatable: true,
    params: { id: Id },
    responses: RESPONSES,
    refusals: ['transaction_unknown', 'transaction_decided'],
    async handle({ caller, params, path, idempotencyKey: key }, { context }) {
      const { serviceId } = caller.service;
      const found = await findServiceTransaction(context, serviceId, params.id);
      if (!found) return refuse('transaction_unknown');
      const ended = await decideTransaction(context, {
        ...{ decision: 'cancel', serviceId, userId: found.userId, transactionId: params.id },
        ...foreignIdempotency(key, caller, { method: 'POST', path }),
      });
      return isRefusal(ended) ? ended : answer(ended);
    },
  }),
];
