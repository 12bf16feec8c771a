import type { Context } from '../../application/context.ts';
import { CommitWatch } from '../../application/decisions/commit-watch.ts';
import { disableDeadWebhook } from '../../application/webhooks/manage-webhooks.ts';
import type { Config } from '../../config.ts';
import { LIMITS } from '../../limits.ts';
import { SYSTEM_USER_ID } from '../../ports/store.ts';
import { checkWebhooks } from '../webhooks.ts';
import type { RelayThread } from './relay-thread.ts';

/**
 * Runs the sinks that the configuration names and the webhooks in the store. The thread starts once there is one, and
 * hears of what administrators change.
 * @param sinks names of those that the configuration has
 * @returns what ends the watch; the context's owner stops the thread
 * @throws StartRefused where `webhooks.ca_file` cannot be read
 */
export function startRelay(
  config: Config,
  context: Context,
  thread: RelayThread,
  sinks: readonly string[],
): () => Promise<void> {
  checkWebhooks(config);
  const options = {
    webhooks: true,
    disableWebhook: disableDeadWebhook.bind(undefined, context),
  };
  if (sinks.length > 0) thread.start(options, sinks);
  const stopped = new AbortController();
  const { signal } = stopped;
  const watch = CommitWatch.of(context);
  const look = async () => {
    if (thread.isRunning) thread.webhooksChanged();
    else if ((await context.store.listWebhooks()).some(({ enabled }) => enabled))
      thread.start(options, sinks);
  };
  const watching = (async () => {
    while (!signal.aborted) {
      const changed = watch.waitForNext(SYSTEM_USER_ID, LIMITS.webhookPollMs, signal);
      // A database that does not answer is asked again.
      await look().catch(() => undefined);
      await changed.ended;
    }
  })();
  return async () => {
    stopped.abort();
    await watching;
  };
}
