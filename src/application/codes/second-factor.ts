import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft, Proposal } from '../decisions/job.ts';
import { heldSession, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { CodeFactor } from './code-factor.ts';

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
  readonly #code: CodeFactor | undefined;
  readonly #sessionId: string;

  constructor(context: Context, { code, session }: { readonly code?: string; readonly session: Session }) {
    this.#context = context;
    this.#code = code === undefined ? undefined : new CodeFactor(context, code);
    this.#sessionId = session.sessionId;
  }

  /** What the vault must compute before `judge`: nothing while codes are locked. */
  evidence(user: User, at: number): readonly MacRequest[] {
    return this.#code?.evidence(user, at) ?? [];
  }

  /** @returns the proposal to refuse with, where there is none or it does not fit */
  judge(user: User, at: number, macs: readonly (Uint8Array | undefined)[]): ShownFactor | Proposal<Refusal> {
    const { settings } = this.#context;
    const session = heldSession(user, this.#sessionId, at);
    if (!session) return { result: refuse('session_ended') };
    const active = user.tokens.filter(({ status }) => status === 'active');
    const isRid =
      isRidOfCodes(user, session) || (settings.enrolmentCodeRequired && user.state.hadToken === true);
    if (active.length === 0 && !isRid) return { state: user.state, detail: {}, rows: [] };
    if (active.every(({ type }) => type === 'ocra')) {
      return { result: refuse('code_required', { detail: 'totp or hotp; else an invitation' }) };
    }
    if (!this.#code) return { result: refuse('code_required') };
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome === 'accepted') {
      return { state: judged.state, detail: { token: judged.tokenId }, rows: proven(session) };
    }
    const { retryAfterMs } = judged;
    if (judged.outcome === 'locked') return { result: refuse('locked', { retryAfterMs }) };
    const { reason, detail, state } = judged;
    const draft: Draft = { type: 'code.refused', reason, ...(detail ? { detail } : {}), state };
    return { result: refuse(reason, retryAfter(retryAfterMs)), draft };
  }
}
