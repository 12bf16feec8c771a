import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { SessionRow, SideRow, UserId } from '../../ports/store.ts';
import { SecondFactor, type Shown, type ShownFactor } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Facts, Proposal } from '../decisions/job.ts';
import { boundToShown } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import { isSessionValid, type Session, sessionIdOf } from '../sessions/session.ts';
import { recoveryOf } from '../users/recovery.ts';
import type { User } from '../users/user.ts';
import { hadAuthenticator, inviterOf } from './authenticators.ts';
import { endSessions } from './device.ts';
import { makeEnrolmentCode } from './enrolment-code.ts';

/** Begins the `invitedBy` of an invitation by an administrator, whose claim takes the user's password. */
export const BY_ADMINISTRATOR = 'administrator/';

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
  | { readonly session: Session; readonly shown?: Shown }
  /** The administrator's name: nothing of the user is asked for, but who has or had an authenticator needs a recovery. */
  | { readonly by: string }
);

/**
 * Makes a one-time invitation to enrol a virtual token. A user who has an authenticator already must show it
 * (`SecondFactor`), so that a stolen password or session alone enrols nothing.
 */
export async function inviteDevice(
  context: Context,
  request: InviteDeviceRequest,
): Promise<Invitation | Refusal> {
  const { userId, idempotency } = request;
  const { enrolmentsPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await context.rateLimiter.take(`invitation/${userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const code = makeEnrolmentCode(userId, context.random);
  const factor =
    'session' in request ? await SecondFactor.of(context, { ...request, act: 'invite_device' }) : undefined;
  const job = new InvitationJob(context, request, code, factor);
  // A repeat gets the invitation's code, so it must show the same again.
  const bound = await boundToShown(context, idempotency, ('shown' in request && request.shown) || {});
  const codec = await secretCodec<'code', Invitation>(context, userId, bound, 'code', String);
  return (await context.decider.submit(idempotent(job, bound, codec))).result;
}

class InvitationJob implements RepeatableJob<Invitation | Refusal> {
  readonly userId: UserId;
  readonly #context: Context;
  readonly #request: InviteDeviceRequest;
  readonly #code: string;
  readonly #factor: SecondFactor | undefined;

  constructor(
    context: Context,
    request: InviteDeviceRequest,
    code: string,
    factor: SecondFactor | undefined,
  ) {
    this.userId = request.userId;
    this.#context = context;
    this.#request = request;
    this.#code = code;
    this.#factor = factor;
  }

  admits(user: User | undefined, { at }: Facts): boolean {
    const request = this.#request;
    return !('session' in request) || (!!user && isSessionValid(user, request.session.sessionId, at));
  }

  judgeRepeat(user: User, { at }: Facts, isSame: boolean) {
    return this.#factor?.judgeRepeat(user, at, isSame);
  }

  evidence(user: User, facts: Facts): Evidence {
    return this.#factor?.evidence(user, facts) ?? [];
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Proposal<Invitation | Refusal> {
    const { at } = facts;
    const request = this.#request;
    if (!user || user.version === 0) return { result: refuse('user_unknown') };
    if (user.disabled) return { result: refuse('user_disabled') };
    if (!this.#factor) {
      const wanting = needsRecovery(user, at);
      if (wanting) return { result: wanting };
      const { recovery: _, ...state } = user.state;
      return this.#invited(user, at, {
        state,
        detail: { by: 'by' in request ? request.by : '' },
        rows: [],
      });
    }
    const shown = this.#factor.judge(user, facts, macs);
    if ('result' in shown) return shown;
    return this.#invited(user, at, { ...shown, detail: { ...shown.detail, by: user.username } });
  }

  #invited(
    user: User,
    at: number,
    { state, detail, rows: shown, challenge }: ShownFactor,
  ): Proposal<Invitation> {
    const request = this.#request;
    const expiresAt = at + this.#context.settings.enrolmentTtlMs;
    const session: SessionRow = {
      ...{ userId: user.id, sessionId: sessionIdOf(this.#code), kind: 'enrolment', label: '', tokenId: '' },
      proof: this.#factor && shown.length === 0 ? 'no_token' : 'second_factor',
      provenAt: 0,
      invitedBy: 'session' in request ? inviterOf(request.session) : `${BY_ADMINISTRATOR}${request.by}`,
      ...{ createdAt: at, expiresAt },
    };
    const rows: SideRow[] = [
      ...shown,
      ...endSessions(invitationsToEnd(user, at)),
      { kind: 'session.insert', session },
    ];
    return {
      result: { code: this.#code, expiresAt },
      draft: {
        ...{ type: 'admin.enrolment_invited', detail, state, rows },
        ...(challenge === undefined ? {} : { challenge }),
      },
    };
  }
}

/** Refuses an administrator's invitation for a user who has or had an authenticator, unless a recovery is ready. */
function needsRecovery(user: User, at: number): Refusal | undefined {
  if (!hadAuthenticator(user)) return undefined;
  const { readyAt } = recoveryOf(user, at) ?? {};
  if (readyAt === undefined) return refuse('recovery_required');
  return readyAt <= at ? undefined : refuse('recovery_required', { retryAfterMs: readyAt - at });
}

/** The expired invitations, and the oldest ones beyond `invitationsPerUserMax` with the new one. */
function invitationsToEnd(user: User, at: number): readonly SessionRow[] {
  const invitations = user.sessions.filter(({ kind }) => kind === 'enrolment');
  const open = invitations.filter(({ expiresAt }) => expiresAt > at);
  const surplus = open.sort((a, b) => b.createdAt - a.createdAt).slice(LIMITS.invitationsPerUserMax - 1);
  return [...invitations.filter(({ expiresAt }) => expiresAt <= at), ...surplus];
}
