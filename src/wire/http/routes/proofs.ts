import Type from 'typebox';
import { findSealedTransaction } from '../../../application/log/find-sealed-transaction.ts';
import { inclusionProof } from '../../../application/log/inclusion-proof.ts';
import { findTransaction } from '../../../application/transactions/find-transactions.ts';
import type { TransactionView } from '../../../application/transactions/transaction-view.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import { authenticate } from '../authenticate.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { logHeaders, refuseLogReader } from '../log-access.ts';
import { type RouteRequest, type RouteResponse, route } from '../route.ts';
import { Id } from '../schema.ts';
import { findFor } from './transaction-reads.ts';

const PLAIN = 'text/plain; charset=utf-8';
const PROOF = {
  200: {
    description:
      'A file that verifies alone (c2sp.org/tlog-proof); its entry is the hash of the journal entry.',
    contentType: 'text/plain',
  },
};
const NOT_YET = refuse('not_sealed_yet', { retryAfterMs: LIMITS.logCheckpointMs });
type Asked = RouteRequest<never, never, never, 'anyone'>;

async function proofOf(dependencies: HttpDependencies, index: number): Promise<RouteResponse | Refusal> {
  const text = await inclusionProof(dependencies.context.store.log, index);
  if (text === undefined) return NOT_YET;
  return { status: 200, headers: logHeaders(dependencies, 'max-age=1'), text, contentType: PLAIN };
}

/** The transaction of the caller, who may show who they are; of anyone, one whose entry of its time is sealed. */
async function findForAnyone(
  dependencies: HttpDependencies,
  { headers, secure, address }: Pick<Asked, 'headers' | 'secure' | 'address'>,
  id: string,
): Promise<TransactionView | Refusal | undefined> {
  const waitMs = dependencies.errorLimit.waitOf(address);
  const caller = await authenticate(dependencies, { method: 'GET', headers, secure, waitMs });
  const own = caller && !isRefusal(caller) ? await findFor(dependencies, caller, id) : undefined;
  if (own) return own;
  const { context } = dependencies;
  const owner = await findSealedTransaction(context.store.log, id);
  if (owner === 'not_yet') return NOT_YET;
  return owner === undefined ? undefined : findTransaction(context, owner, id);
}

export const proofRoutes = [
  route({
    method: 'GET',
    path: '/v1/receipts/{transaction}/proof',
    tag: 'log',
    summary: "The proof that a receipt's entry is in the log",
    description: 'Kept beside the receipt, it verifies without this server.',
    caller: 'anyone',
    params: { transaction: Id },
    responses: PROOF,
    refusals: ['transaction_unknown', 'receipt_unavailable', 'not_sealed_yet'],
    async handle(asked, dependencies) {
      const refusal = await refuseLogReader(dependencies, asked, LIMITS.logProofCost);
      if (refusal) return refusal;
      const view = await findForAnyone(dependencies, asked, asked.params.transaction);
      if (!view) return refuse('transaction_unknown');
      if (isRefusal(view)) return view;
      if (view.status !== 'approved' || view.version === undefined)
        return refuse('receipt_unavailable', { detail: view.status });
      const [entry] = await dependencies.context.store.readUserJournal(view.userId, {
        below: view.version + 1,
        limit: 1,
      });
      // An entry without a position is not in the order of the journal yet.
      return entry && entry.position > 0 ? proofOf(dependencies, entry.position - 1) : NOT_YET;
    },
  }),
  route({
    method: 'GET',
    path: '/v1/journal/{index}/proof',
    tag: 'log',
    summary: 'The proof that an entry is in the log',
    description: 'The index is the one that `sello audit export` prints.',
    caller: 'anyone',
    params: { index: Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'From 0.' }) },
    responses: PROOF,
    refusals: ['not_sealed_yet'],
    async handle(asked, dependencies) {
      const refusal = await refuseLogReader(dependencies, asked, LIMITS.logProofCost);
      return refusal ?? proofOf(dependencies, Number(asked.params.index));
    },
  }),
];
