import { isRefusal, type Refusal } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';
import { type Evidence, type Macs, NO_EVIDENCE } from '../decisions/evidence.ts';
import type { ChainedEntry, Draft, EntryOrigin, Facts, Job, Proposal } from '../decisions/job.ts';
import type { User } from '../users/user.ts';
import { type Idempotency, isRecordOf, readRecord } from './idempotency-record.ts';

/** A job that may be wrapped by `idempotent`. */
export interface RepeatableJob<T> extends Job<T> {
  /**
   * Whether the caller may be answered from a record, i.e. their session is still valid. Default: yes. When it returns
   * false, `decide` is called and must refuse the caller.
   *
   * Why: docs/DECISIONS.md#a-repeat-needs-a-valid-session
   */
  admits?(user: User | undefined, facts: Facts): boolean;
  /**
   * Judges the code that a repeat shows, before anything of the record is told. While codes are locked, or where the request
   * is not the recorded one (`isSame`: the same content and the same code), so that the code may be a guess at the recorded
   * one, the returned proposal is the outcome. Default: the repeat shows no code.
   *
   * Why: docs/DECISIONS.md#a-repeat-with-another-code-is-a-guess
   */
  judgeRepeat?(user: User, facts: Facts, isSame: boolean): Proposal<T> | undefined;
}

/**
 * How a result is kept in an idempotency record, and how a repeat is answered from it.
 *
 * Why: docs/DECISIONS.md#idempotency-records-keep-their-json
 */
export interface IdempotencyCodec<T, Kept> {
  /** @returns JSON without a secret in the clear (`secretCodec` seals one) */
  keep(result: T, entry: ChainedEntry): Kept;
  again(kept: Kept): T;
}

/** Keeps the result as it is; a repeat says `repeated: true`. */
export function wholeResult<T extends { readonly repeated?: boolean }>(): IdempotencyCodec<T, T> {
  return WHOLE as IdempotencyCodec<T, T>;
}

const WHOLE: IdempotencyCodec<object, object> = {
  keep: (result) => result,
  again: (kept) => ({ ...kept, repeated: true }),
};

/**
 * Wraps a job so that its result is recorded under the client's key, in the commit of the decision's entry. A repeat is
 * answered from that record: nothing is evaluated or written again. Refusals and results without an entry are not
 * recorded: they did nothing, so the same key may be tried again. Without a key it returns the job itself.
 *
 * Why: docs/DECISIONS.md#only-approvals-have-idempotency-records
 */
export function idempotent<T extends object, Kept>(
  job: RepeatableJob<T | Refusal>,
  idempotency: Idempotency | undefined,
  codec: IdempotencyCodec<T, Kept>,
): Job<T | Refusal> {
  return idempotency ? new IdempotentJob(job, idempotency, codec) : job;
}

class IdempotentJob<T extends object, Kept> implements Job<T | Refusal> {
  readonly userId: UserId;
  readonly newUser?: User;
  readonly origin?: EntryOrigin | undefined;
  readonly idempotencyKey: string;
  readonly conflict?: () => T | Refusal;
  readonly #job: RepeatableJob<T | Refusal>;
  readonly #idempotency: Idempotency;
  readonly #codec: IdempotencyCodec<T, Kept>;

  constructor(job: RepeatableJob<T | Refusal>, idempotency: Idempotency, codec: IdempotencyCodec<T, Kept>) {
    this.userId = job.userId;
    if (job.newUser) this.newUser = job.newUser;
    this.origin = job.origin;
    if (job.conflict) this.conflict = job.conflict.bind(job);
    this.idempotencyKey = idempotency.key;
    this.#job = job;
    this.#idempotency = idempotency;
    this.#codec = codec;
  }

  evidence(user: User, facts: Facts): Evidence {
    return facts.idempotencyRecord ? NO_EVIDENCE : (this.#job.evidence?.(user, facts) ?? NO_EVIDENCE);
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Proposal<T | Refusal> {
    const { idempotencyRecord: record } = facts;
    if (record && (this.#job.admits?.(user, facts) ?? true)) {
      const isSame = isRecordOf(record, this.#idempotency);
      const judged = user && this.#job.judgeRepeat?.(user, facts, isSame);
      if (judged) return judged;
      const kept = readRecord<Kept>(record, this.#idempotency);
      return { result: isRefusal(kept) ? kept : this.#codec.again(kept) };
    }
    const proposal = this.#job.decide(user, facts, macs);
    const { result, draft } = proposal;
    if (!draft || isRefusal(result)) return proposal;
    return {
      result,
      draft: { ...draft, rowsOfEntry: this.#withRecord(draft.rowsOfEntry, facts.at, result as T) },
    };
  }

  #withRecord(rowsOfEntry: Draft['rowsOfEntry'], at: number, result: T): NonNullable<Draft['rowsOfEntry']> {
    const { userId } = this;
    const { key, digest } = this.#idempotency;
    return (entry) => {
      const own = rowsOfEntry?.(entry) ?? [];
      // After the job's own rows, which may complete the result.
      const answer = JSON.stringify(this.#codec.keep(result, entry));
      return [...own, { kind: 'idempotency.insert', userId, key, digest, answer, at }];
    };
  }
}
