import Type from 'typebox';
import { publishedKeys } from '../../../application/keys/published-keys.ts';
import { receiptOf } from '../../../application/receipts/find-receipt.ts';
import { refuse } from '../../../domain/errors.ts';
import { route } from '../route.ts';
import { closed, Id } from '../schema.ts';
import { findFor } from './transaction-reads.ts';

const Jwk = Type.Object(
  { kty: Type.String(), crv: Type.String(), x: Type.String(), y: Type.String(), kid: Type.String() },
  { additionalProperties: true },
);

export const receiptRoutes = [
  route({
    method: 'GET',
    path: '/v1/receipts/{transaction}',
    tag: 'receipts',
    summary: 'The receipt of an approved transaction',
    description:
      'A JWS (ES256) that states the transaction, the proof used and the entry of the journal; verified offline by the keys of /.well-known/jwks.json. With `Accept: application/jose` the JWS alone.',
    caller: 'user_or_service',
    device: true,
    scope: 'transactions:read',
    params: { transaction: Id },
    responses: {
      200: {
        description: 'The receipt.',
        schema: closed({ receipt: Type.String({ description: 'JWS, compact serialisation.' }) }),
        textType: 'application/jose',
      },
    },
    refusals: ['transaction_unknown', 'receipt_unavailable'],
    async handle({ caller, params, headers }, dependencies) {
      const view = await findFor(dependencies, caller, params.transaction);
      if (!view) return refuse('transaction_unknown');
      const receipt = await receiptOf(dependencies.context, view);
      if (receipt === undefined) return refuse('receipt_unavailable', { detail: view.status });
      return headers.accept === 'application/jose'
        ? { status: 200, text: receipt, contentType: 'application/jose' }
        : { status: 200, body: { receipt } };
    },
  }),
  route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    tag: 'receipts',
    summary: 'The keys of receipts, old ones included',
    caller: 'anyone',
    responses: { 200: { description: 'RFC 7517.', schema: closed({ keys: Type.Array(Jwk) }) } },
    refusals: [],
    async handle(_request, { context }) {
      const keys = await publishedKeys(context.vault);
      return {
        status: 200,
        headers: { 'cache-control': 'public, max-age=300' },
        body: { keys: keys.map(({ jwk }) => jwk) },
      };
    },
  }),
];
