import { SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import type { RolledBack } from './rolled-back.ts';

/** Records that the operator accepted a database of before, such as a restored one. */
export async function recordRollback(context: Context, { seenSize, size, kind }: RolledBack): Promise<void> {
  const detail = { seen_size: seenSize, size, log: kind };
  const job: Job<undefined> = {
    userId: SYSTEM_USER_ID,
    decide: (user) =>
      user
        ? { result: undefined, draft: { type: 'admin.rollback_accepted', detail, state: user.state } }
        : { result: undefined },
  };
  await context.decider.submit(job);
}
