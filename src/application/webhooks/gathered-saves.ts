import type { Store, WebhookProgressChange } from '../../ports/store.ts';

type Save = Store['saveWebhookProgress'];

/** Gathers what endpoints store within `gatherMs`: with many of them a unit of work serves all, not one each. */
export function gatherSaves(save: Save, gatherMs: number): Save {
  let waiting: {
    readonly changes: readonly WebhookProgressChange[];
    readonly promise: PromiseWithResolvers<readonly boolean[]>;
  }[] = [];
  const saveAll = async (deliveriesMax: number) => {
    const all = waiting;
    waiting = [];
    try {
      const saved = await save(
        all.flatMap(({ changes }) => changes),
        deliveriesMax,
      );
      let from = 0;
      for (const { changes, promise } of all) {
        promise.resolve(saved.slice(from, from + changes.length));
        from += changes.length;
      }
    } catch (error) {
      for (const { promise } of all) promise.reject(error);
    }
  };
  return (changes, deliveriesMax) => {
    if (waiting.length === 0) setTimeout(() => void saveAll(deliveriesMax), gatherMs);
    const promise = Promise.withResolvers<readonly boolean[]>();
    waiting.push({ changes, promise });
    return promise.promise;
  };
}
