import { type Act, actQuestion } from '../../domain/act-question.ts';
import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { SessionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Draft, Facts, Proposal } from '../decisions/job.ts';
import { type Assertion, counts, verifyAssertion } from '../passkeys/assertion.ts';
import { nonceOfClientData } from '../passkeys/passkeys.ts';
import { shortPasskeyId } from '../passkeys/short-passkey-id.ts';
import { changed, findValidSession, isProven, proven, type Session } from '../sessions/session.ts';
import { hadAuthenticator, hasAuthenticator } from '../tokens/authenticators.ts';
import type { User } from '../users/user.ts';
import { CodeFactor, type LockedCode, type RefusedCode } from './code-factor.ts';
import { judgeRecoveryCode, judgeRepeatedRecoveryCode, type ShownRecoveryCode } from './recovery-code.ts';

/** What a request shows of its user's authenticators. */
export interface Shown {
  /** A log-in code; with `challenge`, possibly an `ocra` token's over the act (`actQuestion`). */
  readonly code?: string;
  /** A nonce of the session. The decision spends it. */
  readonly challenge?: string;
  /** Over a nonce of `passkeyProofOptions`. */
  readonly passkey?: Assertion;
  /** In place of the others, where an authenticator is enrolled. */
  readonly recoveryCode?: string;
}

export interface ShownFactor {
  /** The user's state with the code used up. */
  readonly state: UserState;
  /** For the entry: the token whose code it is, or the passkey. */
  readonly detail: Readonly<Record<string, string | number>>;
  /** They record that the session has shown it. */
  readonly rows: readonly SideRow[];
  /** The nonce to spend. */
  readonly challenge?: string;
}

export interface SecondFactorRequest {
  readonly session: Session;
  readonly act: Act;
  readonly shown?: Shown;
}

type VerifiedPasskey = {
  readonly credentialId: string;
  readonly signCount: number;
  readonly nonce: string;
};

/** The binding of the challenges that a session's passkey signs to prove itself. */
export function passkeyProofBinding({ sessionId }: Session): `passkey/${string}` {
  return `passkey/proof/${sessionId}`;
}

/**
 * Asks for a code or passkey in the request before an act that would give the holder of a stolen session another way in
 * (a new token, passkey or invitation). What the session has shown before does not count: a code that was phished for
 * the log-in must not enrol a token. By what the user has:
 *
 * - no authenticator, and never one: nothing is asked for;
 * - none any more: a session that showed one may go on, unless `enrolment_code_required`; others are refused with
 *   `code_required`, and need an administrator's invitation;
 * - a token: its code. That of an `ocra` token is over the act;
 * - a passkey: its assertion, which stands for a code;
 * - any of them, or none any more: a recovery code, which stands for these, once.
 *
 * Why: docs/DECISIONS.md#a-new-authenticator-asks-for-a-code
 */
export class SecondFactor {
  readonly #context: Context;
  readonly #request: SecondFactorRequest;
  readonly #code: CodeFactor | undefined;
  readonly #passkey: VerifiedPasskey | undefined;
  readonly #recovery: ShownRecoveryCode | undefined;

  private constructor(context: Context, request: SecondFactorRequest, passkey: VerifiedPasskey | undefined) {
    this.#context = context;
    this.#request = request;
    this.#passkey = passkey;
    const { act, session, shown } = request;
    const asker = { by: 'session', sessionId: session.sessionId } as const;
    const { code, challenge, recoveryCode } = shown ?? {};
    if (recoveryCode !== undefined) this.#recovery = { code: recoveryCode, purpose: 'enrolment', asker };
    if (code === undefined) return;
    const question =
      challenge === undefined ? {} : { question: actQuestion(act, challenge, session.username) };
    this.#code = new CodeFactor(context, code, {
      purpose: 'enrolment',
      asker,
      ...question,
    });
  }

  /** Verifies what needs no decision: a passkey's signature. @throws VaultUnavailable when a challenge cannot be verified */
  static async of(context: Context, request: SecondFactorRequest): Promise<SecondFactor> {
    await context.challenges.ensureKeys(context.decider.now());
    return new SecondFactor(context, request, await verifiedPasskey(context, request));
  }

  /** The MACs that the vault must compute before `judge`; none while codes are locked. */
  evidence(user: User, facts: Facts): Evidence {
    if (!this.#code || this.#missing(user) || this.#challengeFault(facts)) return [];
    return this.#code.evidence(user, facts.at);
  }

  /** As `RepeatableJob.judgeRepeat`: without a code there is nothing to judge. */
  judgeRepeat(user: User, at: number, isSame: boolean): Proposal<Refusal> | undefined {
    if (this.#recovery) return judgeRepeatedRecoveryCode(this.#context, user, at, isSame, this.#recovery);
    return this.#code?.judgeRepeat(user, at, isSame, { type: 'code.refused' });
  }

  /** @returns the refusal as a proposal when what is required is missing or wrong */
  judge(user: User, facts: Facts, macs: Macs): ShownFactor | Proposal<Refusal> {
    const { settings } = this.#context;
    const session = findValidSession(user, this.#request.session.sessionId, facts.at);
    if (!session) return { result: refuse('session_ended') };
    if (this.#recovery && hadAuthenticator(user))
      return this.#judgeRecovery(this.#recovery, user, session, facts.at);
    if (!hasAuthenticator(user)) {
      const owes = hadAuthenticator(user) && (settings.enrolmentCodeRequired || !isProven(session));
      if (owes) return { result: refuse('code_required', { detail: 'an invitation by an administrator' }) };
      return { state: user.state, detail: {}, rows: [] };
    }
    return this.require(user, facts, macs);
  }

  /** The same, but something must be shown. The session must hold. */
  require(user: User, facts: Facts, macs: Macs): ShownFactor | Proposal<Refusal> {
    const { at, isSpent } = facts;
    const session = findValidSession(user, this.#request.session.sessionId, at);
    if (!session) return { result: refuse('session_ended') };
    if (this.#request.shown?.passkey) return this.#judgePasskey(user, facts);
    const missing = this.#missing(user);
    if (missing || !this.#code) return { result: missing ?? refuse('code_required') };
    const fault = this.#challengeFault({ at, isSpent });
    if (fault) return { result: refuse(fault) };
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome === 'accepted') {
      const { challenge } = this.#request.shown ?? {};
      return {
        ...{ state: judged.state, detail: { token: judged.tokenId }, rows: proven(session, at) },
        ...(challenge === undefined ? {} : { challenge }),
      };
    }
    return refusedCode(judged);
  }

  /** The session may then confirm what it enrols; what asks for a fresh proof still does. */
  #judgeRecovery(
    recovery: ShownRecoveryCode,
    user: User,
    session: SessionRow,
    at: number,
  ): ShownFactor | Proposal<Refusal> {
    const judged = judgeRecoveryCode(this.#context, user, at, recovery);
    if (judged.outcome !== 'accepted') return refusedCode(judged);
    return {
      state: judged.state,
      detail: { recovery_codes_left: judged.left },
      rows: changed(session, { proof: 'second_factor' }),
    };
  }

  /** The refusal of a request that shows nothing which could fit. */
  #missing({ tokens }: User): Refusal | undefined {
    const { code, challenge } = this.#request.shown ?? {};
    const active = tokens.filter(({ status }) => status === 'active');
    if (active.length === 0) return refuse('proof_required', { detail: 'a passkey' });
    if (active.every(({ type }) => type === 'ocra') && (code === undefined || challenge === undefined)) {
      return refuse('code_required', { detail: 'over a challenge of this session' });
    }
    return code === undefined ? refuse('code_required') : undefined;
  }

  #challengeFault({ at, isSpent }: Pick<Facts, 'at' | 'isSpent'>) {
    const { session, shown } = this.#request;
    if (shown?.challenge === undefined) return undefined;
    const { challenge } = shown;
    const verdict = this.#context.challenges.verify(challenge, `session/${session.sessionId}`, at);
    if (verdict !== 'authentic') return verdict;
    return isSpent(challenge) ? 'challenge_spent' : undefined;
  }

  #judgePasskey(user: User, { at, isSpent }: Facts): ShownFactor | Proposal<Refusal> {
    const { sessionId } = this.#request.session;
    const session = findValidSession(user, sessionId, at);
    const passkey = this.#passkey;
    const held = passkey && user.passkeys.find(({ credentialId }) => credentialId === passkey.credentialId);
    if (!session || !held || isSpent(passkey.nonce) || !counts(held.signCount, passkey.signCount)) {
      this.#context.refusalCounter.count('code.refused', 'passkey_refused', user.id);
      return { result: refuse('passkey_refused') };
    }
    const { credentialId, signCount, nonce } = passkey;
    const counted = { kind: 'passkey.update', userId: user.id, credentialId, signCount } as const;
    return {
      state: user.state,
      detail: { by: shortPasskeyId(held) },
      rows: [...proven(session, at), ...(signCount === held.signCount ? [] : [counted])],
      challenge: nonce,
    };
  }
}

/** The proposal of a code that was not accepted. */
export function refusedCode(judged: RefusedCode | LockedCode): Proposal<Refusal> {
  const { retryAfterMs } = judged;
  if (judged.outcome === 'locked') return { result: refuse('locked', { retryAfterMs }) };
  const { reason, detail, state } = judged;
  const draft: Draft = { type: 'code.refused', reason, ...(detail ? { detail } : {}), state };
  return { result: refuse(reason, retryAfter(retryAfterMs)), draft };
}

async function verifiedPasskey(
  { challenges, decider, userCache }: Context,
  { session, shown }: SecondFactorRequest,
): Promise<VerifiedPasskey | undefined> {
  if (!shown?.passkey) return undefined;
  const { id: credentialId, response } = shown.passkey.response;
  const nonce = nonceOfClientData(response.clientDataJSON);
  if (!nonce || challenges.verify(nonce, passkeyProofBinding(session), decider.now()) !== 'authentic')
    return undefined;
  const user = await userCache.reload(session.userId);
  const passkey = user?.passkeys.find((row) => row.credentialId === credentialId);
  const signCount = passkey && (await verifyAssertion(shown.passkey, passkey, nonce));
  return signCount === undefined ? undefined : { credentialId, signCount, nonce };
}
