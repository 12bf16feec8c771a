import Type, { type Static } from 'typebox';
import { issueChallenges } from '../../../application/challenges/issue-challenges.ts';
import type { Context } from '../../../application/context.ts';
import type { AuthoriseRequest } from '../../../application/transactions/authorisation.ts';
import { authoriseOrRequest } from '../../../application/transactions/authorise.ts';
import { describeExcess } from '../../../application/transactions/policy-evaluation.ts';
import {
  type RequestedTransaction,
  requestTransaction,
} from '../../../application/transactions/request-transaction.ts';
import type { RequestedBy } from '../../../application/transactions/requested-by.ts';
import { viewOfRow } from '../../../application/transactions/transaction-view.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { encodeTransaction, type Transfer } from '../../../domain/transaction/canonical-transaction.ts';
import { makeTransfer } from '../../../domain/transaction/transfer.ts';
import { isVisible } from '../../../domain/visible-text.ts';
import { LIMITS } from '../../../limits.ts';
import type { ServiceCaller, UserCaller } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { foreignIdempotency, transferIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { type RouteResponse, route } from '../route.ts';
import { Account, Amount, Code, Currency, closed, Nonce, Username } from '../schema.ts';
import { authorisationView, TRANSACTION_EXAMPLE, Transaction, transactionView } from '../transaction-view.ts';

const Wanted = closed({
  payer: Account,
  payee: Account,
  amount: Amount,
  currency: Type.Optional(Currency),
  username: Type.Optional(
    Type.String({ ...Username, description: 'By a service: whose approval is asked for. Not by the user.' }),
  ),
  nonce: Type.Optional(Nonce),
  mac: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: "By the user: HMAC-SHA256 of the canonical transaction with the user's MAC key, in hex.",
    }),
  ),
  code: Type.Optional(Code),
  reference: Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: LIMITS.referenceLengthMax },
      description:
        'By a service: by which it and the user know the matter, such as the number of an order. Visible characters in NFC. The user sees it as the words of the service; no code covers it.',
    }),
  ),
  message: Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: LIMITS.requestMessageLengthMax },
      description: 'By a service: a sentence to the user, as `reference`.',
    }),
  ),
  receipt: Type.Optional(Type.Boolean({ description: 'By the user: answer the receipt as well.' })),
});

const { payer, payee, amount, currency } = TRANSACTION_EXAMPLE;

interface TransactionAsked {
  readonly body: Static<typeof Wanted>;
  readonly path: string;
  readonly address: string;
  readonly idempotencyKey: string | undefined;
}

/** Refuses proofs in a service's request: only users can give them. */
const USERS_MEMBERS = ['nonce', 'mac', 'code', 'receipt'] as const;

async function byService(
  { context }: HttpDependencies,
  caller: ServiceCaller,
  { body, path, idempotencyKey: key }: TransactionAsked,
  transfer: Transfer,
): Promise<RouteResponse | Refusal> {
  const { username } = body;
  const foreign = USERS_MEMBERS.find((name) => body[name] !== undefined);
  if (foreign !== undefined) return refuse('message_invalid', { detail: `${foreign}: not by a service` });
  if (username === undefined) return refuse('message_invalid', { detail: 'username: required of a service' });
  const user = await context.store.findUser(username);
  if (!user) return refuse('user_unknown');
  const { serviceId, name } = caller.service;
  const said = saidOf(body);
  if (isRefusal(said)) return said;
  const requested = await requestTransaction(context, {
    ...{ userId: user.userId, transfer, serviceId, requestedBy: { service: name, ...said } },
    ...foreignIdempotency(key, caller, { method: 'POST', path, body: { ...transfer, username, ...said } }),
  });
  if (isRefusal(requested)) return requested;
  return pending(context, requested);
}

/** What the service says to the user, as a third party's text: visible, and nothing that moves what stands beside it. */
function saidOf({ reference, message }: Static<typeof Wanted>): Omit<RequestedBy, 'service'> | Refusal {
  for (const [name, text] of Object.entries({ reference, message })) {
    if (text !== undefined && !isVisible(text)) {
      return refuse('message_invalid', { detail: `${name}: visible characters in NFC` });
    }
  }
  return {
    ...(reference === undefined ? {} : { reference }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Of a service's request alone. */
const SERVICES_MEMBERS = ['reference', 'message'] as const;

async function byUser(
  { context }: HttpDependencies,
  { session }: UserCaller,
  { body, address, idempotencyKey: key }: TransactionAsked,
  transfer: Transfer,
): Promise<RouteResponse | Refusal> {
  if (body.username !== undefined && body.username !== session.username) {
    return refuse('message_invalid', { detail: 'username: by a service alone' });
  }
  const foreign = SERVICES_MEMBERS.find((name) => body[name] !== undefined);
  if (foreign !== undefined) return refuse('message_invalid', { detail: `${foreign}: by a service alone` });
  if (body.mac !== undefined && body.nonce === undefined) return refuse('challenge_missing');
  let { nonce } = body;
  if (nonce === undefined) {
    const issued = await issueChallenges(context, session, 1);
    if (isRefusal(issued)) return issued;
    nonce = issued[0]?.nonce ?? '';
  }
  const canonical = { ...transfer, challenge: nonce, v: 1 } as const;
  const request: AuthoriseRequest = {
    ...{ session, transfer, challenge: nonce, address, receipt: body.receipt ?? false },
    ...(body.mac === undefined
      ? {}
      : { mac: { message: Buffer.from(encodeTransaction(canonical)), value: body.mac } }),
    ...(body.code === undefined ? {} : { code: body.code }),
    ...transferIdempotency(key, transfer),
  };
  const outcome = await authoriseOrRequest(context, request);
  if (isRefusal(outcome)) return outcome;
  if ('status' in outcome) return pending(context, outcome);
  const view = authorisationView(outcome);
  return { status: 201, headers: { ...replayed(outcome.repeated), ...locationOf(view.id) }, body: view };
}

function pending({ settings }: Context, requested: RequestedTransaction): RouteResponse {
  const { transactionId, velocity, repeated } = requested;
  return {
    status: 202,
    headers: { ...replayed(repeated), ...locationOf(transactionId) },
    body: {
      ...transactionView(viewOfRow(requested), { requestedBy: requested.requestedBy }),
      ...(velocity === undefined
        ? {}
        : { required: ['bound_code'], limit: describeExcess(settings.policy, velocity, requested) }),
    } satisfies Static<typeof Transaction>,
  };
}

function locationOf(id: string): Readonly<Record<string, string>> {
  return { location: `/v1/transactions/${id}` };
}

export const transactionRoutes = [
  route({
    method: 'POST',
    path: '/v1/transactions',
    tag: 'transactions',
    summary: 'Ask for a transaction',
    description:
      'By its user with the proof that the policy demands: approved at once (201). With less, or by a service (`transactions:write`) with `username`: it waits for its user (202), who approves it by a code bound to the `challenge` in the answer. Where it waits because of the velocity limit, `limit` names it.',
    caller: 'user_or_service',
    scope: 'transactions:write',
    repeatable: true,
    body: Wanted,
    bodyExample: { payer, payee, amount, currency },
    responses: {
      201: { description: 'Approved.', schema: Transaction, headers: { Location: 'Where it is.' } },
      202: {
        description: 'It waits for its user.',
        schema: Transaction,
        example: TRANSACTION_EXAMPLE,
        headers: { Location: 'Where it is.' },
      },
    },
    refusals: [
      'account_invalid',
      'amount_invalid',
      'currency_unknown',
      'challenge_missing',
      'challenge_unknown',
      'challenge_expired',
      'challenge_spent',
      'mac_mismatch',
      'code_wrong',
      'code_spent',
      'locked',
      'transactions_too_many',
      'user_unknown',
      'user_disabled',
    ],
    handle(request, dependencies) {
      const transfer = makeTransfer(request.body, dependencies.context.settings.currencyDefault);
      if (isRefusal(transfer)) return transfer;
      const { caller } = request;
      return caller.kind === 'user'
        ? byUser(dependencies, caller, request, transfer)
        : byService(dependencies, caller, request, transfer);
    },
  }),
];
