import type { Refusal, RefusalCode } from '../domain/errors.ts';
import { lockedForMs } from '../domain/lockout.ts';
import { boundQuestion, type CanonicalTransaction } from '../domain/transaction.ts';
import type { MacRequest } from '../ports/key-vault.ts';
import type { UserId } from '../ports/store.ts';
import { type CodeEvidence, codeEvidence, judgeCode } from './code-check.ts';
import type { Context } from './context.ts';
import type { Facts, Job, Proposal } from './job.ts';
import { answerRow, type Idempotency, storedAnswer } from './stored-answer.ts';
import { makeTransactionId } from './transaction-id.ts';
import type { User } from './user.ts';
import { afterWrongCode } from './wrong-attempts.ts';

export interface ValidateCodeRequest {
  readonly username: string;
  readonly code: string;
  /** For a bound code. Its challenge must be one issued to this service, and is spent by what is decided. */
  readonly transaction?: CanonicalTransaction;
  readonly serviceId: string;
  readonly idempotency?: Idempotency;
}

export interface CodeValidation {
  readonly valid: boolean;
  readonly reason?: RefusalCode;
  readonly retryAfterMs?: number;
}

/**
 * Checks a code for a log-in server or the like. A valid one is spent; a wrong one counts and locks as any other.
 * An unknown user's code is `code_wrong`, as a known user's is who has no token.
 */
export async function validateCode(
  context: Context,
  request: ValidateCodeRequest,
): Promise<CodeValidation | Refusal> {
  const credentials = await context.store.findUser(request.username);
  if (!credentials) {
    context.tally.count('code.refused', 'user_unknown');
    return { valid: false, reason: 'code_wrong' };
  }
  const waiting = context.challenges.ready(context.decider.now());
  if (waiting) await waiting;
  const { result } = await context.decider.submit(new ValidateJob(context, credentials.userId, request));
  return result;
}

type Verdict = Proposal<CodeValidation | Refusal>;

class ValidateJob implements Job<CodeValidation | Refusal> {
  readonly userId: UserId;
  readonly answerKey?: string;
  readonly #context: Context;
  readonly #request: ValidateCodeRequest;
  #code: CodeEvidence | undefined;

  constructor(context: Context, userId: UserId, request: ValidateCodeRequest) {
    this.userId = userId;
    if (request.idempotency) this.answerKey = request.idempotency.key;
    this.#context = context;
    this.#request = request;
  }

  evidence(user: User, { at, answer, isSpent }: Facts): readonly MacRequest[] {
    const { transaction, code } = this.#request;
    this.#code = undefined;
    if (answer || user.disabled || lockedForMs(user.state.code, at) > 0) return [];
    if (transaction && isSpent(transaction.challenge)) return [];
    this.#code = codeEvidence(user, code, transaction && boundQuestion(transaction), at);
    return this.#code.requests;
  }

  decide(user: User | undefined, facts: Facts, macs: readonly (Uint8Array | undefined)[]): Verdict {
    const { transaction, idempotency, serviceId } = this.#request;
    const { at, answer } = facts;
    if (answer) return { result: storedAnswer<CodeValidation>(answer, idempotency) };
    if (!user || user.disabled) return { result: { valid: false, reason: 'code_wrong' } };
    if (transaction) {
      const verdict = this.#context.challenges.verify(transaction.challenge, `service/${serviceId}`, at);
      if (verdict !== 'authentic') return this.#refused(user, at, verdict);
      if (facts.isSpent(transaction.challenge)) return this.#refused(user, at, 'challenge_spent');
    }
    const locked = lockedForMs(user.state.code, at);
    if (locked > 0 || !this.#code) {
      this.#context.tally.count('code.refused', 'locked', user.id);
      return { result: { valid: false, reason: 'locked', retryAfterMs: Math.max(1, locked) } };
    }
    const judged = judgeCode(this.#code, macs, user, at);
    if ('refused' in judged) return this.#wrongCode(user, at, judged.refused);
    // A code that fits no transaction although one was named proves presence alone.
    if (transaction && judged.kind !== 'bound') return this.#refused(user, at, 'bound_code_required');
    const result: CodeValidation = { valid: true };
    return {
      result,
      draft: {
        type: 'code.accepted',
        detail: { service: serviceId, token: judged.tokenId },
        ...this.#recorded(at),
        state: judged.state,
        ...(transaction ? { challenge: transaction.challenge } : {}),
        rows: answerRow(user.id, idempotency, at, result),
      },
    };
  }

  #wrongCode(user: User, at: number, reason: 'code_wrong' | 'code_spent'): Verdict {
    const { transaction, idempotency, serviceId } = this.#request;
    const { state, detail } = afterWrongCode(user.state, at, this.#context.settings.lockout, reason);
    const retryAfterMs = lockedForMs(state.code, at);
    const result: CodeValidation = { valid: false, reason, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) };
    return {
      result,
      draft: {
        type: 'code.refused',
        reason,
        detail: { service: serviceId, ...detail },
        ...this.#recorded(at),
        state,
        ...(transaction ? { challenge: transaction.challenge } : {}),
        rows: answerRow(user.id, idempotency, at, result),
      },
    };
  }

  #refused(user: User, at: number, reason: RefusalCode): Verdict {
    return {
      result: { valid: false, reason },
      draft: {
        type: 'code.refused',
        reason,
        detail: { service: this.#request.serviceId },
        ...this.#recorded(at),
        state: user.state,
      },
    };
  }

  #recorded(at: number) {
    const { transaction } = this.#request;
    return transaction
      ? { transaction: { ...transaction, id: makeTransactionId(at, this.#context.randomPool) } }
      : {};
  }
}
