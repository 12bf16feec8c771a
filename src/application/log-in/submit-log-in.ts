import type { Refusal } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { AnswerSeal } from '../idempotency/answer-seal.ts';
import { type Idempotency, repeatable } from '../idempotency/idempotency-record.ts';
import type { Session } from '../sessions/session.ts';
import type { LogIn } from './log-in-by-password.ts';

/**
 * Decides on a log-in whose password or passkey has been found right: whoever has neither is told of no answer.
 * @param secret of the session that the job opens; a repeat is told the one of then
 */
export async function submitLogIn(
  context: Context,
  job: Job<Session | Refusal>,
  secret: string,
  idempotency: Idempotency | undefined,
): Promise<LogIn | Refusal> {
  const { decider, random } = context;
  if (!idempotency) {
    const { result } = await decider.submit(job);
    return 'refused' in result ? result : { session: result, secret };
  }
  const seal = await AnswerSeal.of(context, job.userId, idempotency.key);
  let repeated: string | undefined;
  const { result } = await decider.submit(
    repeatable<Session, { session: Session; secret: string }>(job, idempotency, {
      keep: (session) => ({
        session,
        secret: seal.seal(Buffer.from(secret), random.bytes(AnswerSeal.ivBytes)),
      }),
      again: (kept) => {
        repeated = seal.open(kept.secret).toString();
        return kept.session;
      },
    }),
  );
  if ('refused' in result) return result;
  return repeated === undefined
    ? { session: result, secret }
    : { session: result, secret: repeated, repeated: true };
}
