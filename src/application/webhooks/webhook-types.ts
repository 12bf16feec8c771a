import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';

const TYPE = /^(?:[a-z]+(?:\.[a-z_]+)*|[a-z]+(?:\.[a-z_]+)*\.\*)$/;
const PREFIX = 'sello.';

/**
 * Reads the types that an endpoint wants: entry types (`transaction.approved`, also as the event names it,
 * `sello.transaction.approved`), or all below one (`transaction.*`). Does NOT check that there are such entries: later
 * versions have more.
 * @returns them sorted, each once, or `webhook_invalid`
 */
export function parseWebhookTypes(given: readonly string[]): readonly string[] | Refusal {
  const types = given.map((type) => (type.startsWith(PREFIX) ? type.slice(PREFIX.length) : type));
  const wrong = types.find((type) => !TYPE.test(type));
  if (wrong !== undefined || types.length > LIMITS.webhookTypesMax) {
    return refuse('webhook_invalid', {
      detail: `types: at most ${LIMITS.webhookTypesMax} of entry types such as transaction.approved or transaction.*`,
    });
  }
  return [...new Set(types)].sort();
}

/** @param type as the event names it @param wanted as `parseWebhookTypes` gives them; empty: all */
export function isWanted(wanted: readonly string[], type: string): boolean {
  if (wanted.length === 0) return true;
  const own = type.slice(PREFIX.length);
  return wanted.some((each) => (each.endsWith('*') ? own.startsWith(each.slice(0, -1)) : own === each));
}
