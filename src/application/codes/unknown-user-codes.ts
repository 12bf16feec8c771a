import { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import { UnknownUsers } from '../lockout/unknown-users.ts';
import type { CodeValidation, ValidateCodeRequest } from './code-validation.ts';

/**
 * Answers validations for unknown user names exactly as `ValidateCodeJob` answers for a user without a token: the same
 * checks in the same order, the same locks, the same repeats. Kept in memory and bounded. Appends no entry and evaluates
 * no code.
 */
export class UnknownUserCodes {
  readonly #context: Context;
  readonly #users: UnknownUsers;
  readonly #spent: SpentChallenges;
  readonly #records = new Map<string, { readonly digest: string; readonly validation: CodeValidation }>();

  constructor(context: Context) {
    this.#context = context;
    this.#users = new UnknownUsers(context.settings.lockout);
    this.#spent = new SpentChallenges(context.settings.keys.challengeTtlMs);
  }

  validate(request: ValidateCodeRequest): CodeValidation | Refusal {
    const { username, idempotency } = request;
    if (!idempotency) return this.#refuse(request);
    const id = `${username}\n${idempotency.key}`;
    const record = this.#records.get(id);
    if (record) {
      return record.digest === idempotency.digest
        ? { ...record.validation, repeated: true }
        : refuse('idempotency_mismatch');
    }
    const validation = this.#refuse(request);
    if (validation.reason === 'locked') return validation;
    this.#records.set(id, { digest: idempotency.digest, validation });
    if (this.#records.size > LIMITS.unknownUsersMax) {
      const [oldest] = this.#records.keys();
      if (oldest !== undefined) this.#records.delete(oldest);
    }
    return validation;
  }

  #refuse({ username, transaction, serviceId }: ValidateCodeRequest): CodeValidation {
    const { challenges, decider, refusalCounter, settings } = this.#context;
    const at = decider.now();
    if (transaction) {
      const { challenge } = transaction;
      const verdict = challenges.verify(challenge, `service/${serviceId}`, at);
      if (verdict !== 'authentic') return { valid: false, reason: verdict };
      if (this.#spent.has(challenge)) return { valid: false, reason: 'challenge_spent' };
    }
    refusalCounter.count('code.refused', 'user_unknown');
    const locked = lockedForMs(this.#users.state(username), at, settings.lockout);
    if (locked > 0) return { valid: false, reason: 'locked', retryAfterMs: locked };
    if (transaction) this.#spent.add(transaction.challenge, at);
    return { valid: false, reason: 'code_wrong', ...retryAfter(this.#users.wrong(username, at)) };
  }
}
