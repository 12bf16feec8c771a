import type { Refusal } from '../../domain/errors.ts';
import { type AttemptBy, afterRight, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { AttemptPurpose } from '../../domain/lockout.ts';
import type { StepMac } from '../../domain/otp/hmac.ts';
import { boundQuestion } from '../../domain/transaction/bound-question.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import type { ShortTransaction } from '../../domain/transaction/short-transaction.ts';
import type { TokenState, UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { TokenRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type Evidence, type Macs, NO_EVIDENCE } from '../decisions/evidence.ts';
import type { Draft, Proposal } from '../decisions/job.ts';
import { seedOwner } from '../keys/key-owner.ts';
import { type Asker, attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import type { User } from '../users/user.ts';
import { judgeRepeatedCode } from './repeated-code.ts';
import { acceptCode, type CodeSteps, codeMessages, codeSteps, takesQuestion } from './token-code.ts';

export type CodeOutcome = AcceptedCode | RefusedCode | LockedCode;

export interface AcceptedCode {
  readonly outcome: 'accepted';
  /** `bound`: the code fits this transaction alone. `plain`: it proves presence. */
  readonly kind: 'bound' | 'plain';
  readonly tokenId: string;
  /** The user's state with the code used up and, unless it activates a token, the failed attempts cleared. */
  readonly state: UserState;
}

/**
 * `code_wrong`: a failed attempt, already counted in `state`. `code_spent`: a correct code that was used before. It is not
 * counted, because it is not a guess.
 */
export interface RefusedCode {
  readonly outcome: 'refused';
  readonly reason: 'code_wrong' | 'code_spent';
  readonly state: UserState;
  /** For the entry: how many attempts have failed, and for how long codes are locked now. */
  readonly detail?: Readonly<Record<string, string | number>>;
  /** ms until a code is evaluated again; 0: at once */
  readonly retryAfterMs: number;
}

/** Nothing was evaluated, so nothing is to be written. The refusal has been counted. */
export interface LockedCode {
  readonly outcome: 'locked';
  /** At least 1. */
  readonly retryAfterMs: number;
}

export interface CodeFactorOptions {
  /** What the code is shown for, and by whom: what a wrong one counts and locks. */
  readonly purpose: Exclude<AttemptPurpose, 'password'>;
  readonly asker: Asker;
  /** The ids of pending tokens whose first code this may be. By default a code of any active token fits. */
  readonly activates?: (user: User, at: number) => readonly string[];
  /** What an `ocra` code is over where it is over no transaction, in hex. */
  readonly question?: string;
  /** The event as which a refusal for a lock is counted. */
  readonly lockCountedAs?: 'code.refused' | 'login.locked';
}

/** A token that the code may be of. */
interface Attempt {
  readonly token: TokenRow;
  readonly steps: CodeSteps;
  readonly question: string | undefined;
}

/**
 * A code that a request shows, judged in two steps within one decision: `evidence` says which MACs to compute,
 * `judge` decides. While codes are locked neither evaluates anything. Does not check the session, the challenge or
 * the policy, and commits nothing: the caller's entry carries the state.
 */
export class CodeFactor {
  readonly #context: Context;
  readonly #code: string;
  readonly #purpose: AttemptPurpose;
  readonly #asker: Asker;
  readonly #activates: CodeFactorOptions['activates'];
  readonly #question: string | undefined;
  readonly #lockCountedAs: 'code.refused' | 'login.locked';
  /** Undefined until `evidence` has been called while codes were not locked. */
  #attempts: readonly Attempt[] | undefined;
  /** How many MACs were asked for: those of the likely steps, and after them those of the others, if any. */
  #likelyCount = 0;
  #othersCount = 0;

  constructor(
    context: Context,
    code: string,
    { purpose, asker, activates, question, lockCountedAs = 'code.refused' }: CodeFactorOptions,
  ) {
    this.#context = context;
    this.#code = code;
    this.#purpose = purpose;
    this.#asker = asker;
    this.#activates = activates;
    this.#question = question;
    this.#lockCountedAs = lockCountedAs;
  }

  /**
   * The MACs that the vault must compute before `judge`: those of the likely steps of each token first, and the others only
   * if the code fits none of them. None while codes are locked. Called again when the decision is made again.
   * @param transaction the transaction of a bound code; without it no bound code is accepted but one over `question`
   */
  evidence(user: User, at: number, transaction?: CanonicalTransaction | ShortTransaction): Evidence {
    this.#attempts = undefined;
    if (this.#lockedMs(user, at) > 0) return NO_EVIDENCE;
    const activates = this.#activates?.(user, at);
    const question = transaction ? boundQuestion(transaction) : this.#question;
    const attempts: Attempt[] = [];
    for (const token of user.tokens) {
      if (!this.#mayFit(token, activates)) continue;
      const asked = activates === undefined ? question : token.activationQuestion;
      if (!takesQuestion(token, asked)) continue;
      const steps = codeSteps(token, user.state.tokens?.[token.tokenId], at);
      attempts.push({ token, steps, question: asked });
    }
    this.#attempts = attempts;
    const likely = attempts.flatMap((attempt) => requestsAt(attempt, attempt.steps.likely));
    this.#likelyCount = likely.length;
    this.#othersCount = 0;
    if (likely.length === 0) return NO_EVIDENCE;
    return { likely, others: (macs) => this.#others(attempts, user, at, macs) };
  }

  #others(attempts: readonly Attempt[], user: User, at: number, likely: Macs): readonly MacRequest[] {
    let offset = 0;
    for (const { token, steps } of attempts) {
      const candidates = candidatesFrom(steps.likely, likely, offset);
      offset += steps.likely.length;
      const verdict = acceptCode(token, user.state.tokens?.[token.tokenId], this.#code, candidates, at);
      if (typeof verdict === 'object') return NO_EVIDENCE;
    }
    const others = attempts.flatMap((attempt) => requestsAt(attempt, attempt.steps.others));
    this.#othersCount = others.length;
    return others;
  }

  /**
   * Judges the code on the user's state as it is now: a decision made earlier in the same batch may have used the
   * code, locked codes or revoked the token since `evidence`.
   * @param macs for the requests of `evidence`, in their order; a missing MAC matches no code
   */
  judge(user: User, at: number, macs: Macs): CodeOutcome {
    const { refusalCounter } = this.#context;
    const lockedMs = this.#lockedMs(user, at);
    const attempts = this.#attempts;
    // Evidence serves one judgement: when the decision is made again, it must be gathered again.
    this.#attempts = undefined;
    // Without its MACs the code has not been evaluated: codes were locked when the batch began.
    if (lockedMs > 0 || !attempts || macs.length !== this.#likelyCount + this.#othersCount) {
      refusalCounter.count(this.#lockCountedAs, 'locked', user.id);
      return { outcome: 'locked', retryAfterMs: Math.max(1, lockedMs) };
    }
    const activates = this.#activates?.(user, at);
    let likelyAt = 0;
    let othersAt = this.#likelyCount;
    let spent = false;
    for (const { token, steps } of attempts) {
      const candidates = candidatesFrom(steps.likely, macs, likelyAt);
      likelyAt += steps.likely.length;
      if (this.#othersCount > 0) {
        candidates.push(...candidatesFrom(steps.others, macs, othersAt));
        candidates.sort((a, b) => a.step - b.step);
        othersAt += steps.others.length;
      }
      if (!user.tokens.some((row) => row.tokenId === token.tokenId && this.#mayFit(row, activates))) continue;
      const verdict = acceptCode(token, user.state.tokens?.[token.tokenId], this.#code, candidates, at);
      if (verdict === 'spent') spent = true;
      else if (verdict !== 'wrong') return this.#accepted(user, at, token, verdict.accepted);
    }
    const reason = spent ? 'code_spent' : 'code_wrong';
    const { state, detail, retryAfterMs } = this.#afterWrong(user, at, reason);
    return { outcome: 'refused', reason, state, ...(detail ? { detail } : {}), retryAfterMs };
  }

  /**
   * Judges the code of a repeat under a used idempotency key.
   * @param entry the entry that counts a wrong one
   * @returns undefined where the record may be told
   * @see judgeRepeatedCode
   */
  judgeRepeat(
    user: User,
    at: number,
    isSame: boolean,
    entry: Pick<Draft, 'type' | 'detail'>,
  ): Proposal<Refusal> | undefined {
    return judgeRepeatedCode(this.#context, user, at, isSame, {
      ...entry,
      purpose: this.#purpose,
      asker: this.#asker,
      lockCountedAs: this.#lockCountedAs,
    });
  }

  #by(user: User, at: number): AttemptBy {
    return attemptBy(this.#purpose, this.#asker, user, at);
  }

  #lockedMs(user: User, at: number): number {
    return attemptLockedForMs(user.state, this.#by(user, at), at, this.#context.settings.lockout);
  }

  #afterWrong(user: User, at: number, reason: RefusedCode['reason']) {
    const { lockout } = this.#context.settings;
    const by = this.#by(user, at);
    const counted = afterWrongCode(user.state, by, at, lockout, reason);
    return { ...counted, retryAfterMs: attemptLockedForMs(counted.state, by, at, lockout) };
  }

  #mayFit({ tokenId, status, digits }: TokenRow, activates: readonly string[] | undefined): boolean {
    return activates === undefined
      ? status === 'active' && digits === this.#code.length
      : status === 'pending' && activates.includes(tokenId);
  }

  #accepted(user: User, at: number, { tokenId, type }: TokenRow, used: TokenState): AcceptedCode {
    const { state } = user;
    // Activating a new token must not reset the failed attempts: they may have been guesses at another token's codes.
    const rest = this.#activates === undefined ? afterRight(state, this.#by(user, at)) : state;
    return {
      outcome: 'accepted',
      kind: type === 'ocra' ? 'bound' : 'plain',
      tokenId,
      state: { ...rest, tokens: { ...state.tokens, [tokenId]: used } },
    };
  }
}

function requestsAt({ token, question }: Attempt, steps: readonly number[]): readonly MacRequest[] {
  const { userId, tokenId, seed: wrapped, algorithm } = token;
  const owner = seedOwner(userId, tokenId);
  return codeMessages(token, steps, question).map(({ message }) => ({ owner, wrapped, algorithm, message }));
}

/** The MACs of these steps, from an offset in the list; a step whose MAC is missing is none. */
function candidatesFrom(steps: readonly number[], macs: Macs, offset: number): StepMac[] {
  const candidates: StepMac[] = [];
  for (const [index, step] of steps.entries()) {
    const mac = macs[offset + index];
    if (mac) candidates.push({ step, mac });
  }
  return candidates;
}
