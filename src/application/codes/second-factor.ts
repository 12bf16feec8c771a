import { type Refusal, refuse } from '../../domain/errors.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft, Proposal } from '../decisions/job.ts';
import { afterWrongCode } from '../lockout/failed-attempts.ts';
import { heldSession, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { type CodeEvidence, codeEvidence, judgeCode } from './code-evidence.ts';

export interface ShownFactor {
  /** With the code used up. */
  readonly state: UserState;
  /** For the entry: the token that the code is of. */
  readonly detail: Readonly<Record<string, string>>;
  /** Of the session, which has shown a code now. */
  readonly rows: readonly SideRow[];
}

/**
 * Whether a log-in by the password alone, of a user who had more, finds no token to show a code of: a session may revoke
 * tokens, and must not thereby be rid of their codes.
 */
export function isRidOfCodes(user: User, { proof }: SessionRow): boolean {
  return user.state.hadToken === true && proof === 'code_unavailable';
}

/**
 * A code of a token that is there already, for what would give whoever has only a session another way in. A user
 * without an active token has nothing to show; one who has revoked theirs, and has logged in by the password alone since
 * there was one, needs an administrator's invitation, with `enrolment_code_required` in any session. One who has `ocra` tokens alone has no code for this: `code_required`, whatever is shown.
 */
export class SecondFactor {
  readonly #context: Context;
  readonly #code: string | undefined;
  readonly #sessionId: string;
  #evidence: CodeEvidence | undefined;

  constructor(context: Context, { code, session }: { readonly code?: string; readonly session: Session }) {
    this.#context = context;
    this.#code = code;
    this.#sessionId = session.sessionId;
  }

  /** What the vault must compute before `judge`: nothing while codes are locked. */
  evidence(user: User, at: number): readonly MacRequest[] {
    this.#evidence = undefined;
    if (this.#code === undefined || lockedForMs(user.state.code, at) > 0) return [];
    this.#evidence = codeEvidence(user, this.#code, undefined, at);
    return this.#evidence.requests;
  }

  /** @returns the proposal to refuse with, where there is none or it does not fit */
  judge(user: User, at: number, macs: readonly (Uint8Array | undefined)[]): ShownFactor | Proposal<Refusal> {
    const { refusalCounter, settings } = this.#context;
    const session = heldSession(user, this.#sessionId, at);
    if (!session) return { result: refuse('session_ended') };
    const active = user.tokens.filter(({ status }) => status === 'active');
    const isRid =
      isRidOfCodes(user, session) || (settings.enrolmentCodeRequired && user.state.hadToken === true);
    if (active.length === 0 && !isRid) return { state: user.state, detail: {}, rows: [] };
    if (active.every(({ type }) => type === 'ocra')) {
      return { result: refuse('code_required', { detail: 'totp or hotp; else an invitation' }) };
    }
    if (this.#code === undefined) return { result: refuse('code_required') };
    const locked = lockedForMs(user.state.code, at);
    if (locked > 0 || !this.#evidence) {
      refusalCounter.count('code.refused', 'locked', user.id);
      return { result: refuse('locked', { retryAfterMs: Math.max(1, locked) }) };
    }
    const judged = judgeCode(this.#evidence, macs, user, at);
    if (!('refused' in judged)) {
      return { state: judged.state, detail: { token: judged.tokenId }, rows: proven(session) };
    }
    const { state, detail } = afterWrongCode(user.state, at, settings.lockout, judged.refused);
    const retryAfterMs = lockedForMs(state.code, at);
    const draft: Draft = {
      type: 'code.refused',
      reason: judged.refused,
      ...(detail ? { detail } : {}),
      state,
    };
    return { result: refuse(judged.refused, retryAfterMs > 0 ? { retryAfterMs } : undefined), draft };
  }
}
