import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { type AttemptBy, afterRight, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { SessionProof, UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import {
  judgeRecoveryCode,
  judgeRepeatedRecoveryCode,
  type ShownRecoveryCode,
} from '../codes/recovery-code.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Draft, EntryOrigin, Facts, Proposal } from '../decisions/job.ts';
import type { RepeatableJob } from '../idempotency/idempotent.ts';
import { type Asker, attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongPassword } from '../lockout/failed-attempts.ts';
import { openSession } from '../sessions/open-session.ts';
import { hasLogInCodes } from '../tokens/authenticators.ts';
import { isCurrentHash } from '../users/password-hash-id.ts';
import type { User } from '../users/user.ts';
import type { LogIn } from './submit-log-in.ts';

/** A log-in whose password has been compared. */
export interface ComparedLogIn {
  readonly userId: UserId;
  /** The client's network. */
  readonly address: string;
  readonly passwordFits: boolean;
  /** The stored hash that it was compared with. */
  readonly phc: string;
  readonly code?: string;
  /** Shown in place of a code. */
  readonly recoveryCode?: string;
  /** Refuse a user who has an active token and shows no code. */
  readonly codeRequired?: boolean;
  readonly label?: string;
  /** Of the session to open. */
  readonly secret: string;
  readonly asker: Asker;
}

type Verdict = Proposal<LogIn | Refusal>;

/** Decides step 6 of `PasswordLogIn`. */
export class PasswordLogInJob implements RepeatableJob<LogIn | Refusal> {
  readonly userId: UserId;
  readonly origin: EntryOrigin;
  readonly #context: Context;
  readonly #request: ComparedLogIn;
  readonly #code: CodeFactor | undefined;
  readonly #recovery: ShownRecoveryCode | undefined;

  constructor(context: Context, request: ComparedLogIn) {
    this.userId = request.userId;
    this.origin = { kind: 'address', name: request.address };
    this.#context = context;
    this.#request = request;
    const { passwordFits, code, recoveryCode, asker } = request;
    if (!passwordFits) return;
    if (code !== undefined) {
      this.#code = new CodeFactor(context, code, { purpose: 'log_in', asker, lockCountedAs: 'login.locked' });
    } else if (recoveryCode !== undefined) {
      this.#recovery = { code: recoveryCode, purpose: 'log_in', asker };
    }
  }

  /** The session's secret is told again only where the log-in itself would be evaluated. */
  admits(user: User | undefined, { at }: Facts): boolean {
    if (!user || user.disabled || !this.#passwordFits(user)) return false;
    return this.#lockedMs(user, at) === 0;
  }

  judgeRepeat(user: User, { at }: Facts, isSame: boolean): Proposal<Refusal> | undefined {
    if (this.#recovery) return judgeRepeatedRecoveryCode(this.#context, user, at, isSame, this.#recovery);
    return this.#code?.judgeRepeat(user, at, isSame, { type: 'login.refused' });
  }

  evidence(user: User, { at }: Facts): Evidence {
    return this.#code?.evidence(user, at) ?? [];
  }

  decide(user: User | undefined, { at }: Facts, macs: Macs): Verdict {
    if (!user) return { result: refuse('credentials_invalid') };
    const lockedMs = this.#lockedMs(user, at);
    // Locked by another server while this password was hashed: the guess does not count, right or wrong.
    if (lockedMs > 0) return { result: refuse('locked', { retryAfterMs: lockedMs }) };
    if (!this.#passwordFits(user)) {
      const { lockout } = this.#context.settings;
      const by = this.#by(user, at);
      const { state, detail } = afterWrongPassword(user.state, by, at, lockout);
      return refused('credentials_invalid', state, detail, attemptLockedForMs(state, by, at, lockout));
    }
    if (user.disabled) return this.#refused('user_disabled', user, at, user.state);
    if (this.#code) return this.#judgeCode(this.#code, user, at, macs);
    if (this.#recovery) return this.#judgeRecoveryCode(this.#recovery, user, at);
    return this.#withoutCode(user, at);
  }

  /** A password that was changed while the old one was hashed does not fit any more. */
  #passwordFits({ state }: User): boolean {
    const { passwordFits, phc } = this.#request;
    return passwordFits && isCurrentHash(state, phc);
  }

  #by(user: User, at: number): AttemptBy {
    return attemptBy('password', this.#request.asker, user, at);
  }

  #lockedMs(user: User, at: number): number {
    return attemptLockedForMs(user.state, this.#by(user, at), at, this.#context.settings.lockout);
  }

  #judgeCode(code: CodeFactor, user: User, at: number, macs: Macs): Verdict {
    const judged = code.judge(user, at, macs);
    switch (judged.outcome) {
      case 'locked':
        return this.#codeLocked(user, at, judged.retryAfterMs);
      case 'refused':
        return this.#refused(judged.reason, user, at, judged.state, judged.detail, judged.retryAfterMs);
      case 'accepted':
        return this.#accepted(user, at, judged.state, 'second_factor', { token: judged.tokenId });
    }
  }

  #judgeRecoveryCode(recovery: ShownRecoveryCode, user: User, at: number): Verdict {
    const judged = judgeRecoveryCode(this.#context, user, at, recovery);
    switch (judged.outcome) {
      case 'locked':
        return this.#codeLocked(user, at, judged.retryAfterMs);
      case 'refused':
        return this.#refused(judged.reason, user, at, judged.state, judged.detail, judged.retryAfterMs);
      case 'accepted': {
        const detail = { method: 'recovery_code', recovery_codes_left: judged.left };
        return this.#accepted(user, at, judged.state, 'second_factor', detail, false);
      }
    }
  }

  #withoutCode(user: User, at: number): Verdict {
    const hasCodes = hasLogInCodes(user);
    if (hasCodes && this.#request.codeRequired) return this.#refused('code_required', user, at, user.state);
    return this.#accepted(user, at, user.state, hasCodes ? 'code_omitted' : withoutLogInCodes(user));
  }

  #codeLocked(user: User, at: number, retryAfterMs: number): Verdict {
    if (this.#isUniform) return this.#refused('locked', user, at, user.state);
    return { result: refuse('locked', { retryAfterMs }) };
  }

  /**
   * Refuses a log-in whose password fits. With `profile: psd2` neither the answer nor what it counts differs from those of a
   * wrong password; the entry alone has the reason.
   *
   * Why: docs/DECISIONS.md#psd2-log-ins-are-refused-alike
   */
  #refused(
    reason: Refusal['refused'],
    user: User,
    at: number,
    state: UserState,
    detail?: Draft['detail'],
    retryAfterMs = 0,
  ): Verdict {
    if (!this.#isUniform) return refused(reason, state, detail, retryAfterMs);
    const { lockout } = this.#context.settings;
    const by = this.#by(user, at);
    const counted = afterWrongPassword(state, by, at, lockout);
    const lockedMs = attemptLockedForMs(counted.state, by, at, lockout);
    const { result } = refused('credentials_invalid', counted.state, undefined, lockedMs);
    return {
      result,
      draft: {
        ...{ type: 'login.refused', reason, state: counted.state },
        detail: { ...counted.detail, ...detail },
      },
    };
  }

  get #isUniform(): boolean {
    return this.#context.settings.profile === 'psd2';
  }

  #accepted(
    user: User,
    at: number,
    state: UserState,
    proof: SessionProof,
    detail?: Draft['detail'],
    isFresh?: false,
  ): Verdict {
    const { label, secret } = this.#request;
    const { session, rows } = openSession(this.#context, user, at, {
      ...{ secret, label, proof },
      ...(isFresh === undefined ? {} : { isFresh }),
    });
    return {
      result: { session, secret },
      draft: {
        type: 'login.accepted',
        ...(detail ? { detail } : {}),
        state: afterRight(state, this.#by(user, at)),
        rows,
      },
    };
  }
}

/** What a password alone proves of a user who has no token for log-in codes. */
function withoutLogInCodes(user: User): SessionProof {
  const hadToken = user.state.hadToken === true || user.tokens.some(({ status }) => status === 'active');
  return hadToken ? 'code_unavailable' : 'no_token';
}

function refused(
  reason: Refusal['refused'],
  state: UserState,
  detail?: Draft['detail'],
  retryAfterMs = 0,
): Proposal<Refusal> {
  return {
    result: refuse(reason, retryAfter(retryAfterMs)),
    draft: { type: 'login.refused', reason, ...(detail ? { detail } : {}), state },
  };
}
