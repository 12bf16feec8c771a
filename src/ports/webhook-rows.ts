/** An HTTP endpoint that the journal's entries are sent to (Standard Webhooks, https://www.standardwebhooks.com). */
export interface WebhookRow {
  readonly webhookId: string;
  readonly url: string;
  /** Entry types to send, or prefixes that end in `.*`. Empty: all. */
  readonly types: readonly string[];
  readonly enabled: boolean;
  /** When it was made or last enabled, ms since 1970: failures before it do not count. */
  readonly enabledAt: number;
  /** Why the server itself disabled it; empty where nobody or an administrator did. */
  readonly disabledReason: string;
  /** The newest last. */
  readonly secrets: readonly WebhookSecretRow[];
  readonly createdAt: number;
}

export interface WebhookSecretRow {
  readonly secretId: string;
  /** The key that the secret is derived from, wrapped for the owner `webhook/<secretId>`. */
  readonly wrapped: string;
  readonly createdAt: number;
  /** ms since 1970; 0: does not expire. */
  readonly expiresAt: number;
}

/** What an administrator asks the relay to do with an endpoint. The relay that carries it out deletes it. */
export interface WebhookCommandRow {
  readonly webhookId: string;
  /** Commands are carried out in the order of their ids. */
  readonly commandId: string;
  /** `test` sends an event that is in no journal, `retry` one entry again, `replay` every entry from an index on. */
  readonly kind: 'test' | 'retry' | 'replay';
  /** Of the log; 0 with `test`. */
  readonly index: number;
  readonly at: number;
}

/** One attempt to deliver one event, as the delivery log keeps it. The event's body is not copied: the journal has it. */
export interface WebhookDeliveryRow {
  readonly webhookId: string;
  /** Dense by endpoint, from 1. */
  readonly number: number;
  /** The event's `webhook-id`. */
  readonly eventId: string;
  /** Of the log; -1: a test event. */
  readonly index: number;
  readonly type: string;
  /** From 1. */
  readonly attempt: number;
  readonly at: number;
  readonly durationMs: number;
  /** `delivered`, or why not. */
  readonly outcome: string;
  /** 0: no answer. */
  readonly status: number;
  /** The beginning of the answer's body. */
  readonly answer: string;
  /** The values of `webhook-timestamp` and `webhook-signature`. */
  readonly timestamp: number;
  readonly signature: string;
  /** ms since 1970; 0: not tried again by itself. */
  readonly nextAt: number;
}

/** What the relay knows about an endpoint's deliveries, committed with what it logs of them. */
export interface WebhookProgress {
  readonly webhookId: string;
  /** Of the lease under which it is written: a relay that has lost its lease writes nothing any more. */
  readonly fence: number;
  /** JSON of the relay (src/application/webhooks). */
  readonly state: string;
}

export interface WebhookProgressChange extends WebhookProgress {
  readonly deliveries: readonly WebhookDeliveryRow[];
  /** Ids of the commands that were carried out. */
  readonly commandsDone: readonly string[];
}
