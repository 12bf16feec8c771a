import { boundCode } from '../../../../src/domain/otp/bound-code.ts';
import { idempotencyKey } from '../../api/api.ts';
import type { Root } from '../keyring/keyring.ts';
import { deviceHmac } from '../otp/hmac.ts';
import { approvalCode, type BoundTransaction } from '../transaction/bound-transaction.ts';
import type { PendingTransaction } from '../transaction/pending-transaction.ts';
import type { TypedTransaction } from '../transaction/typed-transaction.ts';
import type { DeviceSession } from './device-session.ts';
import type { TokenRecord } from './storage.ts';
import { unsealApprovalSeed } from './token-record.ts';

/** Computes a token's bound code of exactly this transaction. @param atMs estimated server time, ms since 1970 */
export async function codeOf(
  token: TokenRecord,
  root: Root,
  transaction: BoundTransaction | TypedTransaction,
  atMs: number,
): Promise<string> {
  return approvalCode(await unsealApprovalSeed(token, root), transaction, atMs);
}

/** Computes a token's bound code of a question in hex that is no transaction. @param atMs as in `codeOf` */
export async function answerOf(
  token: TokenRecord,
  root: Root,
  question: string,
  atMs: number,
): Promise<string> {
  return boundCode(deviceHmac, await unsealApprovalSeed(token, root), question, atMs);
}

/** @throws ProblemError, ConnectionLost */
export async function sendApproval(
  { api }: DeviceSession,
  { id }: PendingTransaction,
  code: string,
): Promise<void> {
  await api(
    'POST /v1/transactions/{id}/approval',
    { path: { id }, body: { code } },
    { idempotencyKey: idempotencyKey() },
  );
}

/** @throws ProblemError, ConnectionLost */
export async function sendRefusal({ api }: DeviceSession, { id }: PendingTransaction): Promise<void> {
  await api('POST /v1/transactions/{id}/refusal', { path: { id } }, { idempotencyKey: idempotencyKey() });
}
