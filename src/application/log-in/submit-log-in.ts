import type { Refusal } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import type { Session } from '../sessions/session.ts';

export interface LogIn {
  readonly session: Session;
  /** Resumes the session elsewhere. Returned once; only its digest is stored. */
  readonly secret: string;
  /** A repeat of an idempotency key: the session made then. */
  readonly repeated?: boolean;
}

/**
 * Decides on a log-in whose password or passkey the caller has already verified. Repeating an idempotency key returns the
 * secret of the session made the first time.
 */
export async function submitLogIn(
  context: Context,
  job: RepeatableJob<LogIn | Refusal>,
  idempotency: Idempotency | undefined,
): Promise<LogIn | Refusal> {
  const codec = await secretCodec<'secret', LogIn>(context, job.userId, idempotency, 'secret', String);
  return (await context.decider.submit(idempotent(job, idempotency, codec))).result;
}
