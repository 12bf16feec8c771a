import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { SessionRow, SideRow, UserId } from '../../ports/store.ts';
import { SecondFactor, type ShownFactor } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Facts, Job, Proposal } from '../decisions/job.ts';
import { AnswerSeal, withCode } from '../idempotency/answer-seal.ts';
import { type Idempotency, repeatable } from '../idempotency/idempotency-record.ts';
import { makeSessionSecret, type Session, sessionIdOf } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { endSessions } from './device.ts';

export interface Invitation {
  /** Enrols a device once: told to whom it is for, stored nowhere but as a digest. */
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
  /** An administrator, by name: no code of the user is asked for. */
  | { readonly by: string }
);

/**
 * A one-time invitation to enrol a virtual token. Who has a token already shows a code of it, so that a stolen
 * password alone enrols nothing.
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
  if (!idempotency) return (await context.decider.submit(job)).result;
  const seal = await AnswerSeal.of(context, userId, idempotency.key);
  // Whoever repeats it shows the same code again: the answer is worth one.
  const shown = 'code' in request ? request.code : undefined;
  const bound = shown === undefined ? idempotency : await withCode(context, idempotency, shown);
  const { result } = await context.decider.submit(
    repeatable<Invitation, { code: string; expiresAt: number }>(job, bound, {
      keep: ({ expiresAt }) => ({
        expiresAt,
        code: seal.seal(Buffer.from(code), context.random.bytes(AnswerSeal.ivBytes)),
      }),
      again: (kept) => ({ ...kept, code: seal.open(kept.code).toString(), repeated: true }),
    }),
  );
  return result;
}

class InvitationJob implements Job<Invitation | Refusal> {
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

/** The expired ones, and the oldest where there are more than a server keeps for one user. */
function invitationsToEnd(user: User, at: number): readonly SessionRow[] {
  const invitations = user.sessions.filter(({ kind }) => kind === 'enrolment');
  const open = invitations.filter(({ expiresAt }) => expiresAt > at);
  const surplus = open.sort((a, b) => b.createdAt - a.createdAt).slice(LIMITS.invitationsPerUserMax - 1);
  return [...invitations.filter(({ expiresAt }) => expiresAt <= at), ...surplus];
}
