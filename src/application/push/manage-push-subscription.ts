import { type Refusal, refuse } from '../../domain/errors.ts';
import type { CalledAddresses } from '../../ports/called-addresses.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PushSubscriptions, SessionRef } from '../../ports/push-subscriptions.ts';
import { readPushKeys } from './encrypt-push.ts';
import { readPushEndpoint } from './push-endpoint.ts';
import type { VapidKeys } from './vapid-keys.ts';

/** What pushed messages need beside the store: compose makes it where they are on. */
export interface WebPush {
  readonly subscriptions: PushSubscriptions;
  readonly keys: VapidKeys;
  readonly hosts: readonly string[];
  readonly addresses: CalledAddresses;
  readonly clock: Clock;
}

export interface SubscriptionRequest {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  /** The server's key that the browser subscribed with. */
  readonly serverKey: string;
  readonly language: 'en' | 'es';
}

/**
 * Stores where a session's browser takes pushed messages, in place of what was there.
 * @returns `push_subscription_invalid`, or `session_ended`
 * @throws StoreUnavailable, VaultUnavailable
 */
export async function subscribePush(
  { subscriptions, keys, hosts, addresses, clock }: WebPush,
  { userId, sessionId }: SessionRef,
  { endpoint: text, p256dh, auth, serverKey, language }: SubscriptionRequest,
): Promise<Refusal | undefined> {
  const invalid = (detail: string) => refuse('push_subscription_invalid', { detail });
  const endpoint = readPushEndpoint(text, hosts, addresses);
  if (endpoint === undefined) return invalid('endpoint: of no push service in web_push.hosts');
  if (!readPushKeys(p256dh, auth)) return invalid('keys: a point of P-256 and 16 bytes, in base64url');
  const key = (await keys.list()).find(({ publicKey }) => publicKey === serverKey);
  if (!key) return invalid('server_key: not one of this server now');
  const stored = await subscriptions.put({
    ...{ userId, sessionId, endpoint, p256dh, auth, language },
    ...{ keyVersion: key.version, createdAt: clock.now() },
  });
  return stored ? undefined : refuse('session_ended');
}
