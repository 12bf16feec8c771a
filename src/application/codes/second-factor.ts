import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft, Proposal } from '../decisions/job.ts';
import { findValidSession, proven, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { CodeFactor } from './code-factor.ts';

export interface ShownFactor {
  /** The user's state with the code used up. */
  readonly state: UserState;
  /** For the entry: the token whose code it is. */
  readonly detail: Readonly<Record<string, string>>;
  /** They record that the session has shown a code. */
  readonly rows: readonly SideRow[];
}

/**
 * Whether a token was revoked and the session's log-in, by password alone, had no code to show. A session may revoke
 * tokens, but revoking them must not free it from showing a code.
 *
 * Why: docs/DECISIONS.md#after-revocation-a-code-is-still-required
 */
export function lacksCodeOfRevokedToken(user: User, { proof }: SessionRow): boolean {
  return user.state.hadToken === true && proof === 'code_unavailable';
}

/**
 * Asks for a code of an existing token before an action that would give the holder of a stolen session another way in
 * (a new token, passkey or invitation). By what the user has:
 *
 * - no active token: nothing is asked for. But once a token was revoked, a session without a code of its log-in
 *   (`lacksCodeOfRevokedToken`), or with `enrolment_code_required` any session, is refused with `code_required`; only an
 *   administrator's invitation helps;
 * - active `ocra` tokens alone: `code_required` whatever is shown, because their codes are for transactions;
 * - otherwise: a correct code.
 *
 * Why: docs/DECISIONS.md#a-new-authenticator-asks-for-a-code
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

  /** The MACs that the vault must compute before `judge`; none while codes are locked. */
  evidence(user: User, at: number): readonly MacRequest[] {
    return this.#code?.evidence(user, at) ?? [];
  }

  /** As `RepeatableJob.judgeRepeat`: without a code there is nothing to judge. */
  judgeRepeat(user: User, at: number, isSame: boolean): Proposal<Refusal> | undefined {
    return this.#code?.judgeRepeat(user, at, isSame, { type: 'code.refused' });
  }

  /** @returns the refusal as a proposal when a required code is missing or wrong */
  judge(user: User, at: number, macs: readonly (Uint8Array | undefined)[]): ShownFactor | Proposal<Refusal> {
    const { settings } = this.#context;
    const session = findValidSession(user, this.#sessionId, at);
    if (!session) return { result: refuse('session_ended') };
    const active = user.tokens.filter(({ status }) => status === 'active');
    const owesCode =
      lacksCodeOfRevokedToken(user, session) ||
      (settings.enrolmentCodeRequired && user.state.hadToken === true);
    if (active.length === 0 && !owesCode) return { state: user.state, detail: {}, rows: [] };
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
