import type { RefusalCode } from '../../domain/errors.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';

export interface ValidateCodeRequest {
  readonly username: string;
  readonly code: string;
  /** For a bound code. Its challenge must have been issued to this service; judging the code spends it. */
  readonly transaction?: CanonicalTransaction;
  readonly serviceId: string;
  readonly idempotency?: Idempotency;
}

export interface CodeValidation {
  readonly valid: boolean;
  readonly reason?: RefusalCode;
  readonly retryAfterMs?: number;
  /** A repeat of an idempotency key: nothing was evaluated again. */
  readonly repeated?: boolean;
}

/** The user does not exist or is disabled, so nothing was evaluated. Compared by reference (`=== UNKNOWN_USER`). */
export const UNKNOWN_USER: CodeValidation = Object.freeze({ valid: false, reason: 'code_wrong' });
