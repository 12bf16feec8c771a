import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { SessionRow, SideRow, UserId } from '../../ports/store.ts';
import { SecondFactor, type ShownFactor } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import { boundToCode } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import { isSessionValid, makeSessionSecret, type Session, sessionIdOf } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { endSessions } from './device.ts';

export interface Invitation {
  /** Enrols a device once. Returned only here; stored as a digest. */
  readonly code: string;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly repeated?: boolean;
}

export type InviteDeviceRequest = {
  readonly userId: UserId;
  readonly idempotency?: Idempotency;
} & (
  | { readonly session: Session; readonly code?: string }
  /** The administrator's name: no code of the user is asked for. */
  | { readonly by: string }
);

/**
 * Makes a one-time invitation to enrol a virtual token. A user who has a token already must show a code of it
 * (`SecondFactor`), so that a stolen password alone enrols nothing.
 */
export async function inviteDevice(
  context: Context,
  request: InviteDeviceRequest,
): Promise<Invitation | Refusal> {
  const { userId, idempotency } = request;
  const { enrolmentsPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await context.rateLimiter.take(`invitation/${userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const code = makeSessionSecret(userId, context.random);
  const job = new InvitationJob(context, request, code);
  // A repeat gets the invitation's code, so it must show the token's code again.
  const bound = await boundToCode(context, idempotency, 'code' in request ? request.code : undefined);
  const codec = await secretCodec<'code', Invitation>(context, userId, bound, 'code', String);
  return (await context.decider.submit(idempotent(job, bound, codec))).result;
}

class InvitationJob implements RepeatableJob<Invitation | Refusal> {
  readonly userId: UserId;
  readonly #context: Context;
  readonly #request: InviteDeviceRequest;
  readonly #code: string;
  readonly #factor: SecondFactor | undefined;

  constructor(context: Context, request: InviteDeviceRequest, code: string) {
    this.userId = request.userId;
    this.#context = context;
    this.#request = request;
    this.#code = code;
    this.#factor = 'session' in request ? new SecondFactor(context, request) : undefined;
  }

  admits(user: User | undefined, { at }: Facts): boolean {
    const request = this.#request;
    return !('session' in request) || (!!user && isSessionValid(user, request.session.sessionId, at));
  }

  judgeRepeat(user: User, { at }: Facts, isSame: boolean) {
    return this.#factor?.judgeRepeat(user, at, isSame);
  }

  evidence(user: User, { at }: Facts) {
    return this.#factor?.evidence(user, at) ?? [];
  }

  decide(
    user: User | undefined,
    { at }: Facts,
    macs: readonly (Uint8Array | undefined)[],
  ): Proposal<Invitation | Refusal> {
    const request = this.#request;
    if (!user || user.version === 0) return { result: refuse('user_unknown') };
    if (user.disabled) return { result: refuse('user_disabled') };
    if (!this.#factor)
      return this.#invited(user, at, {
        state: user.state,
        detail: { by: 'by' in request ? request.by : '' },
        rows: [],
      });
    const shown = this.#factor.judge(user, at, macs);
    if ('result' in shown) return shown;
    return this.#invited(user, at, { ...shown, detail: { by: user.username, ...shown.detail } });
  }

  #invited(user: User, at: number, { state, detail, rows: shown }: ShownFactor): Proposal<Invitation> {
    const expiresAt = at + this.#context.settings.enrolmentTtlMs;
    const session: SessionRow = {
      ...{ userId: user.id, sessionId: sessionIdOf(this.#code), kind: 'enrolment', label: '', tokenId: '' },
      proof: this.#factor && detail.token === undefined ? 'no_token' : 'second_factor',
      ...{ createdAt: at, expiresAt },
    };
    const rows: SideRow[] = [
      ...shown,
      ...endSessions(invitationsToEnd(user, at)),
      { kind: 'session.insert', session },
    ];
    return {
      result: { code: this.#code, expiresAt },
      draft: { type: 'admin.enrolment_invited', detail, state, rows },
    };
  }
}

/** The expired invitations, and the oldest ones beyond `invitationsPerUserMax` with the new one. */
function invitationsToEnd(user: User, at: number): readonly SessionRow[] {
  const invitations = user.sessions.filter(({ kind }) => kind === 'enrolment');
  const open = invitations.filter(({ expiresAt }) => expiresAt > at);
  const surplus = open.sort((a, b) => b.createdAt - a.createdAt).slice(LIMITS.invitationsPerUserMax - 1);
  return [...invitations.filter(({ expiresAt }) => expiresAt <= at), ...surplus];
}
