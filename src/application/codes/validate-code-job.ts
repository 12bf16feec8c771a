import { type Refusal, type RefusalCode, retryAfter } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Draft, EntryOrigin, Facts, Proposal } from '../decisions/job.ts';
import type { RepeatableJob } from '../idempotency/idempotent.ts';
import { makeTransactionId } from '../transactions/transaction-id.ts';
import type { User } from '../users/user.ts';
import { CodeFactor } from './code-factor.ts';
import { type CodeValidation, UNKNOWN_USER, type ValidateCodeRequest } from './code-validation.ts';

type Verdict = Proposal<CodeValidation | Refusal>;

/** Decides step 3 of `CodeValidator`. Every outcome except `UNKNOWN_USER` and a lock writes an entry. */
export class ValidateCodeJob implements RepeatableJob<CodeValidation | Refusal> {
  readonly userId: UserId;
  readonly origin: EntryOrigin;
  readonly #context: Context;
  readonly #request: ValidateCodeRequest;
  readonly #code: CodeFactor;

  constructor(context: Context, userId: UserId, request: ValidateCodeRequest) {
    this.userId = userId;
    this.origin = { kind: 'service', name: request.serviceId };
    this.#context = context;
    this.#request = request;
    this.#code = new CodeFactor(context, request.code, {
      purpose: 'validation',
      asker: { by: 'service', serviceId: request.serviceId },
    });
  }

  admits(user: User | undefined): user is User {
    return user !== undefined && !user.disabled;
  }

  judgeRepeat(user: User, { at }: Facts, isSame: boolean): Verdict | undefined {
    const detail = { service: this.#request.serviceId };
    const refused = this.#code.judgeRepeat(user, at, isSame, { type: 'code.refused', detail });
    if (refused?.result.refused !== 'locked') return refused;
    return { result: { valid: false, reason: 'locked', ...retryAfter(refused.result.retryAfterMs ?? 0) } };
  }

  evidence(user: User, { at, isSpent }: Facts): Evidence {
    const { transaction } = this.#request;
    if (user.disabled || (transaction && isSpent(transaction.challenge))) return [];
    return this.#code.evidence(user, at, transaction);
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Verdict {
    const { at } = facts;
    if (!this.admits(user)) return { result: UNKNOWN_USER };
    const fault = this.#challengeFault(facts);
    if (fault) return this.#answered(at, { valid: false, reason: fault }, { state: user.state });

    const judged = this.#code.judge(user, at, macs);
    switch (judged.outcome) {
      case 'locked':
        return { result: { valid: false, reason: 'locked', retryAfterMs: judged.retryAfterMs } };
      case 'refused': {
        const { reason, state, detail, retryAfterMs } = judged;
        const validation = { valid: false, reason, ...retryAfter(retryAfterMs) };
        return this.#answered(at, validation, { state, detail, ...this.#spending() });
      }
      case 'accepted': {
        const { state, kind, tokenId } = judged;
        // A code that does not fit the transaction named proves presence alone.
        if (this.#request.transaction && kind !== 'bound') {
          return this.#answered(at, { valid: false, reason: 'bound_code_required' }, { state });
        }
        return this.#answered(
          at,
          { valid: true },
          { state, detail: { token: tokenId }, ...this.#spending() },
        );
      }
    }
  }

  #challengeFault({ at, isSpent }: Facts): RefusalCode | undefined {
    const { transaction, serviceId } = this.#request;
    if (!transaction) return undefined;
    const verdict = this.#context.challenges.verify(transaction.challenge, `service/${serviceId}`, at);
    if (verdict !== 'authentic') return verdict;
    return isSpent(transaction.challenge) ? 'challenge_spent' : undefined;
  }

  #spending(): Pick<Draft, 'challenge'> {
    const { transaction } = this.#request;
    return transaction ? { challenge: transaction.challenge } : {};
  }

  #answered(
    at: number,
    result: CodeValidation,
    {
      detail,
      ...draft
    }: Pick<Draft, 'state' | 'challenge'> & { readonly detail?: Draft['detail'] | undefined },
  ): Verdict {
    const { transaction, serviceId } = this.#request;
    const recorded = transaction && { ...transaction, id: makeTransactionId(at, this.#context.randomPool) };
    return {
      result,
      draft: {
        type: result.valid ? 'code.accepted' : 'code.refused',
        ...(result.reason === undefined ? {} : { reason: result.reason }),
        detail: { service: serviceId, ...detail },
        ...(recorded ? { transaction: recorded } : {}),
        ...draft,
      },
    };
  }
}
