import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  WebhookCommandRow,
  WebhookDeliveryRow,
  WebhookProgress,
  WebhookProgressChange,
  WebhookRow,
  WebhookSecretRow,
} from '../../ports/store.ts';
import {
  type StoredWebhook,
  storedWebhook,
  valuesOf,
  WEBHOOK_COMMANDS,
  WEBHOOK_DELIVERIES,
  WEBHOOK_SECRETS,
  WEBHOOKS,
} from '../sql/columns.ts';
import { inputValues, insertInto, plainRows, selectList } from './row-sql.ts';

type FoundWebhook = Omit<StoredWebhook, 'enabled'> & { readonly enabled: 0 | 1 };

/** Reads and writes webhooks, their secrets, commands, progress and delivery logs. */
export class WebhookRows {
  readonly #all: StatementSync;
  readonly #secrets: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteSecrets: StatementSync;
  readonly #insertSecret: StatementSync;
  readonly #insertCommand: StatementSync;
  readonly #commands: StatementSync;
  readonly #deleteCommand: StatementSync;
  readonly #insertProgress: StatementSync;
  readonly #progress: StatementSync;
  readonly #saveProgress: StatementSync;
  readonly #insertDelivery: StatementSync;
  readonly #pruneDeliveries: StatementSync;
  readonly #deliveries: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql);
    this.#all = prepare(`SELECT ${selectList(WEBHOOKS)} FROM webhooks ORDER BY created_at, webhook_id`);
    this.#secrets = prepare(
      'SELECT secret_id AS secretId, wrapped, created_at AS createdAt, expires_at AS expiresAt FROM webhook_secrets WHERE webhook_id = ? ORDER BY created_at, secret_id',
    );
    this.#insert = prepare(insertInto('webhooks', WEBHOOKS));
    this.#update = prepare(
      'UPDATE webhooks SET types = ?, enabled = ?, enabled_at = ?, disabled_reason = ? WHERE webhook_id = ?',
    );
    this.#delete = prepare('DELETE FROM webhooks WHERE webhook_id = ?');
    this.#deleteSecrets = prepare('DELETE FROM webhook_secrets WHERE webhook_id = ?');
    this.#insertSecret = prepare(insertInto('webhook_secrets', WEBHOOK_SECRETS));
    this.#insertCommand = prepare(insertInto('webhook_commands', WEBHOOK_COMMANDS));
    this.#commands = prepare(
      `SELECT ${selectList(WEBHOOK_COMMANDS)} FROM webhook_commands ORDER BY webhook_id, command_id`,
    );
    this.#deleteCommand = prepare('DELETE FROM webhook_commands WHERE webhook_id = ? AND command_id = ?');
    this.#insertProgress = prepare(
      'INSERT INTO webhook_progress (webhook_id, fence, state) VALUES (?, ?, ?)',
    );
    this.#progress = prepare(
      'SELECT webhook_id AS webhookId, fence, state FROM webhook_progress ORDER BY webhook_id',
    );
    this.#saveProgress = prepare(
      'UPDATE webhook_progress SET fence = ?2, state = ?3 WHERE webhook_id = ?1 AND fence <= ?2',
    );
    this.#insertDelivery = prepare(
      `${insertInto('webhook_deliveries', WEBHOOK_DELIVERIES)} ON CONFLICT DO NOTHING`,
    );
    this.#pruneDeliveries = prepare('DELETE FROM webhook_deliveries WHERE webhook_id = ? AND number <= ?');
    this.#deliveries = prepare(
      `SELECT ${selectList(WEBHOOK_DELIVERIES)} FROM webhook_deliveries WHERE webhook_id = ? AND number < ? ORDER BY number DESC LIMIT ?`,
    );
  }

  list(): WebhookRow[] {
    return plainRows<FoundWebhook>(this.#all.all()).map(({ types, enabled, ...webhook }) => ({
      ...webhook,
      types: JSON.parse(types) as string[],
      enabled: enabled === 1,
      secrets: plainRows<WebhookSecretRow>(this.#secrets.all(webhook.webhookId)),
    }));
  }

  progress(): { progress: WebhookProgress[]; commands: WebhookCommandRow[] } {
    return {
      progress: plainRows<WebhookProgress>(this.#progress.all()),
      commands: plainRows<WebhookCommandRow>(this.#commands.all()),
    };
  }

  deliveries(webhookId: string, below: number, limit: number): WebhookDeliveryRow[] {
    const highest = Math.min(below, Number.MAX_SAFE_INTEGER);
    return plainRows<WebhookDeliveryRow>(this.#deliveries.all(webhookId, highest, limit));
  }

  /** This and what follows run inside the caller's unit of work. */
  insert(webhook: WebhookRow, { fence, state }: Omit<WebhookProgress, 'webhookId'>): void {
    this.#insert.run(...inputValues(valuesOf(WEBHOOKS, storedWebhook(webhook))));
    this.#insertProgress.run(webhook.webhookId, fence, state);
    this.#writeSecrets(webhook);
  }

  update(webhook: WebhookRow): void {
    const { webhookId, types, enabled, enabledAt, disabledReason } = webhook;
    const { changes } = this.#update.run(
      JSON.stringify(types),
      enabled ? 1 : 0,
      enabledAt,
      disabledReason,
      webhookId,
    );
    if (changes !== 1) throw new Error('a decision changes a webhook that is not there');
    this.#deleteSecrets.run(webhookId);
    this.#writeSecrets(webhook);
  }

  /** Takes all that belongs to it along. */
  delete(webhookId: string): void {
    if (this.#delete.run(webhookId).changes !== 1)
      throw new Error('a decision deletes a webhook that is not there');
  }

  insertCommand(command: WebhookCommandRow): void {
    this.#insertCommand.run(...inputValues(valuesOf(WEBHOOK_COMMANDS, command)));
  }

  save(
    { webhookId, fence, state, deliveries, commandsDone }: WebhookProgressChange,
    deliveriesMax: number,
  ): boolean {
    if (this.#saveProgress.run(webhookId, fence, state).changes !== 1) return false;
    for (const commandId of commandsDone) this.#deleteCommand.run(webhookId, commandId);
    for (const delivery of deliveries)
      this.#insertDelivery.run(...inputValues(valuesOf(WEBHOOK_DELIVERIES, delivery)));
    const last = deliveries.at(-1);
    if (last) this.#pruneDeliveries.run(webhookId, last.number - deliveriesMax);
    return true;
  }

  #writeSecrets({ webhookId, secrets }: WebhookRow): void {
    for (const secret of secrets)
      this.#insertSecret.run(...inputValues(valuesOf(WEBHOOK_SECRETS, { ...secret, webhookId })));
  }
}
