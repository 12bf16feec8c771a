import type { WebhookRow } from '../../ports/store.ts';
import type { StoredWebhook, StoredWebhookSecret } from './columns.ts';

/**
 * Puts the rows of webhooks and of their secrets together for an audit, which reads them as they are. Secrets of a webhook that is
 * not there come as a webhook without an address.
 */
export function auditedWebhooks(
  stored: readonly StoredWebhook[],
  secrets: readonly StoredWebhookSecret[],
): readonly WebhookRow[] {
  const own = Map.groupBy(secrets, ({ webhookId }) => webhookId);
  const whole = stored.map((row): WebhookRow => {
    const held = own.get(row.webhookId) ?? [];
    own.delete(row.webhookId);
    return {
      ...row,
      enabled: Boolean(row.enabled),
      types: typesOf(row.types),
      secrets: held.map(secretOf).sort(byAge),
    };
  });
  const orphans = [...own].map(
    ([webhookId, held]): WebhookRow => ({
      ...{ webhookId, url: '', types: [], enabled: false, enabledAt: 0, disabledReason: '', createdAt: 0 },
      secrets: held.map(secretOf).sort(byAge),
    }),
  );
  return [...whole, ...orphans];
}

function secretOf({ webhookId: _, ...secret }: StoredWebhookSecret): WebhookRow['secrets'][number] {
  return secret;
}

function byAge(a: WebhookRow['secrets'][number], b: WebhookRow['secrets'][number]): number {
  return a.createdAt - b.createdAt || (a.secretId < b.secretId ? -1 : 1);
}

/** What is no list of texts is no list that an entry set. */
function typesOf(json: string): readonly string[] {
  try {
    const types: unknown = JSON.parse(json);
    return Array.isArray(types) ? types.map(String) : [json];
  } catch {
    return [json];
  }
}
