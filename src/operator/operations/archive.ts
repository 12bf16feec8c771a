import { refuse } from '../../domain/errors.ts';
import { operation, parameters } from './operation.ts';

const DAY_MS = 86_400_000;

/** Archives and prunes entries older than so many days, whatever the configuration says. */
export const auditArchive = operation(
  parameters({ older_than_days: { type: 'integer', minimum: 0, maximum: 36_500 } }),
  async ({ application }, { older_than_days: days }) => {
    const { retention, clock } = application.context;
    const outcome = await retention.archive({ before: clock.now() - days * DAY_MS });
    if (outcome === 'busy') return refuse('busy', { detail: 'another server archives', retryAfterMs: 1_000 });
    return { files: outcome.files.map(({ name }) => name), pruned: outcome.pruned };
  },
);
