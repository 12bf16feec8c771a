import { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { AttemptBy } from '../../domain/failed-attempts.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import { isRecordOf } from '../idempotency/idempotency-record.ts';
import { type UnknownName, UnknownNames } from '../lockout/unknown-names.ts';
import type { CodeValidation, ValidateCodeRequest } from './code-validation.ts';

/**
 * Answers validations for unknown user names exactly as `ValidateCodeJob` answers for a user without a token: the same
 * checks in the same order, the same locks, the same repeats. Locks are in the store; spent challenges and repeats are in memory,
 * bounded, so a service that asks two servers can tell. Appends no entry and evaluates no code.
 */
export class UnknownUserCodes {
  readonly #context: Context;
  readonly #names: UnknownNames;
  readonly #spent: SpentChallenges;
  readonly #records = new Map<string, { readonly digest: string; readonly validation: CodeValidation }>();

  constructor(context: Context) {
    this.#context = context;
    this.#names = new UnknownNames(context);
    this.#spent = new SpentChallenges(context.settings.keys.challengeTtlMs);
  }

  async validate(request: ValidateCodeRequest): Promise<CodeValidation | Refusal> {
    const { username, idempotency } = request;
    const name = await this.#names.find(await this.#names.keysOf(username));
    const by = { purpose: 'validation', asker: request.serviceId, isKnown: false } as const;
    const lockedMs = this.#names.lockedForMs(name, by);
    const id = idempotency && `${username}\n${idempotency.key}`;
    const record = id === undefined ? undefined : this.#records.get(id);
    if (record && lockedMs === 0) {
      if (idempotency && isRecordOf(record, idempotency)) return { ...record.validation, repeated: true };
      const { locked, retryAfterMs } = await this.#names.wrong(name, by);
      if (locked) return lockedFor(retryAfterMs);
      return refuse('idempotency_mismatch', retryAfter(retryAfterMs));
    }
    const validation = await this.#refuse(request, name, by, lockedMs);
    if (id === undefined || validation.reason === 'locked') return validation;
    this.#records.set(id, { digest: idempotency?.digest ?? '', validation });
    if (this.#records.size > LIMITS.unknownUserRepeatsMax) {
      const [oldest] = this.#records.keys();
      if (oldest !== undefined) this.#records.delete(oldest);
    }
    return validation;
  }

  async #refuse(
    { transaction, serviceId }: ValidateCodeRequest,
    name: UnknownName,
    by: AttemptBy,
    lockedMs: number,
  ): Promise<CodeValidation> {
    const { challenges, decider, refusalCounter } = this.#context;
    const at = decider.now();
    if (transaction) {
      const { challenge } = transaction;
      const verdict = challenges.verify(challenge, `service/${serviceId}`, at);
      if (verdict !== 'authentic') return { valid: false, reason: verdict };
      if (this.#spent.has(challenge)) return { valid: false, reason: 'challenge_spent' };
    }
    refusalCounter.count('code.refused', 'user_unknown');
    if (lockedMs > 0) return lockedFor(lockedMs);
    if (transaction) this.#spent.add(transaction.challenge, at);
    const { locked, retryAfterMs } = await this.#names.wrong(name, by);
    return locked
      ? lockedFor(retryAfterMs)
      : { valid: false, reason: 'code_wrong', ...retryAfter(retryAfterMs) };
  }
}

function lockedFor(retryAfterMs: number): CodeValidation {
  return { valid: false, reason: 'locked', retryAfterMs };
}
