import type { Refusal } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import type { Session } from '../sessions/session.ts';

export interface LogIn {
  readonly session: Session;
  /** Resumes the session elsewhere; told once, stored nowhere. */
  readonly secret: string;
  /** A repeat of an idempotency key: the session made then. */
  readonly repeated?: boolean;
}

/**
 * Decides on a log-in whose password or passkey fits. That has been checked by the caller: a repeat is told the secret of
 * the session made then.
 */
export async function submitLogIn(
  context: Context,
  job: Job<LogIn | Refusal>,
  idempotency: Idempotency | undefined,
): Promise<LogIn | Refusal> {
  const codec = await secretCodec<'secret', LogIn>(context, job.userId, idempotency, 'secret', String);
  return (await context.decider.submit(idempotent(job, idempotency, codec))).result;
}
