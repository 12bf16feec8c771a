import type {
  WebhookCommandRow,
  WebhookDeliveryRow,
  WebhookProgress,
  WebhookProgressChange,
  WebhookRow,
  WebhookSecretRow,
} from '../../ports/store.ts';
import { WEBHOOK_COMMANDS, WEBHOOK_DELIVERIES, WEBHOOK_SECRETS } from '../sql/columns.ts';
import type { Connection, Row } from './connection.ts';
import { jsonObject } from './row-sql.ts';
import { storable } from './storable.ts';

const ALL = {
  name: 'webhooks_all',
  text: `SELECT w.webhook_id, w.url, w.types::json, w.enabled, w.enabled_at, w.disabled_reason, w.created_at,
    (SELECT coalesce(json_agg(${jsonObject(WEBHOOK_SECRETS)} ORDER BY created_at, secret_id), '[]')
      FROM webhook_secrets s WHERE s.webhook_id = w.webhook_id)
    FROM webhooks w ORDER BY w.created_at, w.webhook_id`,
};
const PROGRESS = {
  name: 'webhooks_progress',
  text: `SELECT
    (SELECT coalesce(json_agg(json_build_object('webhookId', webhook_id, 'fence', fence, 'state', state) ORDER BY webhook_id), '[]')
      FROM webhook_progress),
    (SELECT coalesce(json_agg(${jsonObject(WEBHOOK_COMMANDS)} ORDER BY webhook_id, command_id), '[]') FROM webhook_commands)`,
};
const DELIVERIES = {
  name: 'webhooks_deliveries',
  text: `SELECT ${jsonObject(WEBHOOK_DELIVERIES)} FROM webhook_deliveries WHERE webhook_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3`,
};

const LOGGED = Object.values(WEBHOOK_DELIVERIES).filter((column) => column !== 'webhook_id');
/** One statement, so that nothing is logged under a fence that is too low. */
const SAVE = {
  name: 'webhooks_save',
  text: `WITH saved AS (
      UPDATE webhook_progress SET fence = $2, state = $3 WHERE webhook_id = $1 AND fence <= $2 RETURNING webhook_id
    ), done AS (
      DELETE FROM webhook_commands c USING saved s WHERE c.webhook_id = s.webhook_id AND c.command_id = ANY($4::text[])
    ), pruned AS (
      DELETE FROM webhook_deliveries d USING saved s WHERE d.webhook_id = s.webhook_id AND d.number <= $6::bigint
    ), logged AS (
      INSERT INTO webhook_deliveries (webhook_id, ${LOGGED.join(', ')})
      SELECT s.webhook_id, ${LOGGED.map((column) => `d.${column}`).join(', ')} FROM saved s, json_populate_recordset(NULL::webhook_deliveries, $5::json) d
      ON CONFLICT DO NOTHING
    ) SELECT count(*)::int FROM saved`,
};

export async function listWebhooks(connection: Connection): Promise<WebhookRow[]> {
  return (await connection.run(ALL)).rows.map(webhookFrom);
}

export async function readWebhookProgress(
  connection: Connection,
): Promise<{ progress: WebhookProgress[]; commands: WebhookCommandRow[] }> {
  const [[progress, commands] = []] = (await connection.run(PROGRESS)).rows;
  return { progress: progress as WebhookProgress[], commands: commands as WebhookCommandRow[] };
}

export async function listWebhookDeliveries(
  connection: Connection,
  webhookId: string,
  below: number,
  limit: number,
): Promise<WebhookDeliveryRow[]> {
  const highest = Math.min(below, Number.MAX_SAFE_INTEGER);
  const { rows } = await connection.run(DELIVERIES, [webhookId, highest, limit]);
  return rows.map(([delivery]) => delivery as WebhookDeliveryRow);
}

/** Each in a unit of work of its own. Safe to retry when an answer is lost. */
export async function saveWebhookProgress(
  connection: Connection,
  changes: readonly WebhookProgressChange[],
  deliveriesMax: number,
): Promise<boolean[]> {
  const results = await connection.pipeline(
    changes.map(({ webhookId, fence, state, deliveries, commandsDone }) => {
      const pruned = (deliveries.at(-1)?.number ?? 0) - deliveriesMax;
      return [
        SAVE,
        [webhookId, fence, state, [...commandsDone], JSON.stringify(deliveries.map(stored)), pruned],
      ];
    }),
  );
  return results.map(({ rows }) => rows[0]?.[0] === 1);
}

function stored(delivery: WebhookDeliveryRow): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    (Object.keys(WEBHOOK_DELIVERIES) as (keyof WebhookDeliveryRow)[]).map((member) => {
      const value = delivery[member];
      return [WEBHOOK_DELIVERIES[member], typeof value === 'string' ? storable(value) : value];
    }),
  );
}

function webhookFrom([
  webhookId,
  url,
  types,
  enabled,
  enabledAt,
  disabledReason,
  createdAt,
  secrets,
]: Row): WebhookRow {
  return {
    webhookId: webhookId as string,
    url: url as string,
    types: types as string[],
    enabled: enabled as boolean,
    enabledAt: enabledAt as number,
    disabledReason: disabledReason as string,
    secrets: (secrets as WebhookSecretRow[]).map(({ secretId, wrapped, createdAt: at, expiresAt }) => ({
      secretId,
      wrapped,
      createdAt: at,
      expiresAt,
    })),
    createdAt: createdAt as number,
  };
}
