import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import { type IdempotencyCodec, idempotent } from '../idempotency/idempotent.ts';
import {
  type Authorisation,
  type AuthoriseRequest,
  authorisationFrom,
  type DecidedOrRequested,
} from './authorisation.ts';
import { AuthoriseJob } from './authorise-job.ts';
import { assertKept } from './recorded-transaction.ts';
import type { RequestedTransaction } from './request-transaction.ts';

/**
 * Decides on a transaction of a user who is logged in:
 *
 * 1. The session must hold now.
 * 2. A repeat of an idempotency key is answered from its record; nothing below is done again.
 * 3. The challenge must be authentic, issued to this session, not expired and not spent.
 * 4. The MAC must fit, where one was sent. A wrong one is counted; too many end the session.
 * 5. The code must fit, where one was sent. A wrong one is counted; too many lock codes.
 * 6. The policy must require no proof beyond those, at the user's velocity.
 * 7. The approval is committed with the challenge spent, or the refusal with its reason.
 * 8. The receipt is signed, where it was asked for.
 *
 * A wrong MAC or code spends the challenge; a missing proof does not. Does NOT check that the payer's account is the
 * user's: Sello keeps no accounts.
 *
 * Why: docs/DECISIONS.md#evaluated-proofs-spend-the-challenge
 */
export function authorise(context: Context, request: AuthoriseRequest): Promise<Authorisation | Refusal> {
  // A transaction that may not wait has no other outcome.
  return decide(context, request, false) as Promise<Authorisation | Refusal>;
}

/**
 * As `authorise`, but in step 6 a transaction that lacks a proof is stored as pending, and its user decides on it later
 * (`decideTransaction`).
 */
export function authoriseOrRequest(
  context: Context,
  request: AuthoriseRequest,
): Promise<Authorisation | RequestedTransaction | Refusal> {
  return decide(context, request, true);
}

async function decide(context: Context, request: AuthoriseRequest, mayWait: boolean) {
  const waiting = context.challenges.ensureKeys(context.decider.now());
  if (waiting) await waiting;
  const job = idempotent(new AuthoriseJob(context, request, mayWait), request.idempotency, CODEC);
  const { result, entry } = await context.decider.submit(job);
  if ('refused' in result) return result;
  // The record of a REST request that waits, found by a TCP request under the same key: they are not the same request.
  if ('status' in result) {
    if (!mayWait) return refuse('idempotency_mismatch');
    if (result.repeated) await assertKept(context, request.session.userId, result);
    return result;
  }
  if (result.repeated) await assertKept(context, request.session.userId, result);
  const authorisation = authorisationFrom(result, result.repeated === true);
  if (!request.receipt) return authorisation;
  const decided = entry ? { ...result, hash: entry.hash } : result;
  return { ...authorisation, receipt: await context.receiptSigner.sign(decided) };
}

const CODEC: IdempotencyCodec<DecidedOrRequested, DecidedOrRequested> = {
  keep: (outcome, { hash }) => ('status' in outcome ? outcome : { ...outcome, hash }),
  again: (kept) => ({ ...kept, repeated: true }),
};
