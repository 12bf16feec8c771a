import type { UserId } from './store-rows.ts';

export interface SessionRef {
  readonly userId: UserId;
  readonly sessionId: string;
}

/**
 * Where the browser of a device's session takes pushed messages (RFC 8030). A session has one at most, and it ends with its
 * session. Not in the journal: what is wrong here loses or misleads a hint, never a decision.
 */
export interface PushSubscriptionRow extends SessionRef {
  /** The push service's URL of the subscription: whoever has it can send to it. */
  readonly endpoint: string;
  /** The browser's public key, an uncompressed point of P-256 in base64url (RFC 8291). */
  readonly p256dh: string;
  /** The browser's authentication secret, 16 bytes in base64url (RFC 8291). */
  readonly auth: string;
  /** The version of the vault's keys that the server's key of the subscription comes from. */
  readonly keyVersion: number;
  readonly language: 'en' | 'es';
  /** ms since 1970 */
  readonly createdAt: number;
}

/** The subscriptions of open sessions. Every method throws `StoreUnavailable` when the database cannot answer. */
export interface PushSubscriptions {
  /** Stores or replaces the session's subscription. @returns false where the session has ended */
  put(subscription: PushSubscriptionRow): Promise<boolean>;
  find(session: SessionRef): Promise<PushSubscriptionRow | undefined>;
  /** Lists the subscriptions of a user's sessions, the oldest first. */
  list(userId: UserId, limit: number): Promise<readonly PushSubscriptionRow[]>;
  /** Deletes the session's subscription. @param endpoint only while it is still this one */
  remove(session: SessionRef, endpoint?: string): Promise<void>;
}
