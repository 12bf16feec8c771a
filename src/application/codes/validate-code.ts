import { SpentChallenges } from '../../domain/challenge/spent-challenges.ts';
import { type Refusal, type RefusalCode, refuse, retryAfter } from '../../domain/errors.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import { LIMITS } from '../../limits.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Facts, Job, Proposal } from '../decisions/job.ts';
import { withCode } from '../idempotency/answer-seal.ts';
import { answerRow, type Idempotency, storedAnswer } from '../idempotency/idempotency-record.ts';
import { padResponseTime } from '../lockout/response-time-padding.ts';
import { UnknownUsers } from '../lockout/unknown-users.ts';
import { makeTransactionId } from '../transactions/transaction-id.ts';
import type { User } from '../users/user.ts';
import { CodeFactor, type RefusedCode } from './code-factor.ts';

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
  /** A stored answer to the same idempotency key: nothing was evaluated anew. */
  readonly repeated?: boolean;
}

/**
 * Checks a code for a log-in server or the like. A valid one is spent; a wrong one counts and locks as any other.
 * An unknown or disabled user costs the same, answers the same and locks the same as one whose code is wrong.
 */
export class CodeValidator {
  readonly #context: Context;
  readonly #unknownUsers: UnknownUsers;
  /** By name: a user keeps both for ever. */
  readonly #userIds = new Map<string, UserId>();
  readonly #unknownSpent: SpentChallenges;
  readonly #unknownAnswers = new Map<
    string,
    { readonly digest: string; readonly validation: CodeValidation }
  >();

  constructor(context: Context) {
    this.#context = context;
    this.#unknownUsers = new UnknownUsers(context.settings.lockout);
    this.#unknownSpent = new SpentChallenges(context.settings.keys.challengeTtlMs);
  }

  async validate(asked: ValidateCodeRequest): Promise<CodeValidation | Refusal> {
    const { challenges, decider } = this.#context;
    const startedAt = performance.now();
    const waiting = challenges.ensureKeys(decider.now());
    if (waiting) await waiting;
    const idempotency = asked.idempotency && (await withCode(this.#context, asked.idempotency, asked.code));
    const request = idempotency ? { ...asked, idempotency } : asked;
    const userId = this.#userIds.get(request.username) ?? (await this.#find(request.username));
    const { result } =
      userId === undefined
        ? { result: NOBODY }
        : await decider.submit(new ValidateJob(this.#context, userId, request));
    const validation = result === NOBODY ? this.#answerUnknown(request) : result;
    if ('valid' in validation && !validation.valid)
      await padResponseTime(startedAt, LIMITS.codeRefusalGridMs);
    return validation;
  }

  async #find(username: string): Promise<UserId | undefined> {
    const userId = (await this.#context.store.findUser(username))?.userId;
    if (userId !== undefined) {
      if (this.#userIds.size >= LIMITS.usersCachedMax) this.#userIds.clear();
      this.#userIds.set(username, userId);
    }
    return userId;
  }

  #answerUnknown(request: ValidateCodeRequest): CodeValidation | Refusal {
    const { idempotency } = request;
    if (!idempotency) return this.#refuseUnknown(request);
    const id = `${request.username}\n${idempotency.key}`;
    const stored = this.#unknownAnswers.get(id);
    if (stored) {
      return stored.digest === idempotency.digest
        ? { ...stored.validation, repeated: true }
        : refuse('idempotency_mismatch');
    }
    const validation = this.#refuseUnknown(request);
    if (validation.reason === 'locked') return validation;
    this.#unknownAnswers.set(id, { digest: idempotency.digest, validation });
    if (this.#unknownAnswers.size > LIMITS.unknownUsersMax) {
      const [oldest] = this.#unknownAnswers.keys();
      if (oldest !== undefined) this.#unknownAnswers.delete(oldest);
    }
    return validation;
  }

  /** What `ValidateJob` decides about a user without a token, in the same order, without an entry. */
  #refuseUnknown({ username, transaction, serviceId }: ValidateCodeRequest): CodeValidation {
    const { challenges, decider, refusalCounter } = this.#context;
    const at = decider.now();
    if (transaction) {
      const { challenge } = transaction;
      const verdict = challenges.verify(challenge, `service/${serviceId}`, at);
      if (verdict !== 'authentic') return { valid: false, reason: verdict };
      if (this.#unknownSpent.has(challenge)) return { valid: false, reason: 'challenge_spent' };
    }
    refusalCounter.count('code.refused', 'user_unknown');
    const locked = lockedForMs(this.#unknownUsers.state(username), at);
    if (locked > 0) return { valid: false, reason: 'locked', retryAfterMs: locked };
    if (transaction) this.#unknownSpent.add(transaction.challenge, at);
    return wrongCode(this.#unknownUsers.wrong(username, at), 'code_wrong');
  }
}

function wrongCode(retryAfterMs: number, reason: RefusalCode): CodeValidation {
  return { valid: false, reason, ...retryAfter(retryAfterMs) };
}

/** There is no such user, or they are disabled: nothing was evaluated. */
const NOBODY: CodeValidation = Object.freeze({ valid: false, reason: 'code_wrong' });

type Verdict = Proposal<CodeValidation | Refusal>;

class ValidateJob implements Job<CodeValidation | Refusal> {
  readonly userId: UserId;
  readonly idempotencyKey?: string;
  readonly #context: Context;
  readonly #request: ValidateCodeRequest;
  readonly #code: CodeFactor;

  constructor(context: Context, userId: UserId, request: ValidateCodeRequest) {
    this.userId = userId;
    if (request.idempotency) this.idempotencyKey = request.idempotency.key;
    this.#context = context;
    this.#request = request;
    this.#code = new CodeFactor(context, request.code);
  }

  evidence(user: User, { at, idempotencyRecord, isSpent }: Facts): readonly MacRequest[] {
    const { transaction } = this.#request;
    if (idempotencyRecord || user.disabled) return [];
    if (transaction && isSpent(transaction.challenge)) return [];
    return this.#code.evidence(user, at, transaction);
  }

  decide(user: User | undefined, facts: Facts, macs: readonly (Uint8Array | undefined)[]): Verdict {
    const { transaction, idempotency, serviceId } = this.#request;
    const { at, idempotencyRecord } = facts;
    if (!user || user.disabled) return { result: NOBODY };
    if (idempotencyRecord) {
      const stored = storedAnswer<CodeValidation>(idempotencyRecord, idempotency);
      return { result: 'refused' in stored ? stored : { ...stored, repeated: true } };
    }
    if (transaction) {
      const verdict = this.#context.challenges.verify(transaction.challenge, `service/${serviceId}`, at);
      if (verdict !== 'authentic') return this.#refused(user, at, verdict);
      if (facts.isSpent(transaction.challenge)) return this.#refused(user, at, 'challenge_spent');
    }
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome === 'locked') {
      return { result: { valid: false, reason: 'locked', retryAfterMs: judged.retryAfterMs } };
    }
    if (judged.outcome === 'refused') return this.#wrongCode(user, at, judged);
    // A code that fits no transaction although one was named proves presence alone.
    if (transaction && judged.kind !== 'bound') {
      return this.#refused({ ...user, state: judged.state }, at, 'bound_code_required');
    }
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

  #wrongCode(user: User, at: number, { reason, state, detail, retryAfterMs }: RefusedCode): Verdict {
    const { transaction, idempotency, serviceId } = this.#request;
    const result = wrongCode(retryAfterMs, reason);
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
    const { idempotency, serviceId } = this.#request;
    const result: CodeValidation = { valid: false, reason };
    return {
      result,
      draft: {
        type: 'code.refused',
        reason,
        detail: { service: serviceId },
        ...this.#recorded(at),
        state: user.state,
        rows: answerRow(user.id, idempotency, at, result),
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
