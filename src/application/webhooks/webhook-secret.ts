import { createHmac } from 'node:crypto';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { WebhookRow, WebhookSecretRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { webhookSecretOwner } from '../keys/key-owner.ts';

const KEY_BYTES = 32;
/** What the wrapped key is made into a secret with. */
const LABEL = new TextEncoder().encode('sello webhook secret v1');

/**
 * Makes an endpoint's secret: HMAC-SHA256 of a fixed label under a new key that only the vault can open. So the store holds
 * nothing that signs, the secret can be told once, and one call of the vault gives it to a relay again.
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#webhook-secrets-are-derived-by-the-vault
 */
export async function makeWebhookSecret(
  { vault, random }: Context,
  secretId: string,
  createdAt: number,
): Promise<{ readonly row: WebhookSecretRow; readonly secret: string }> {
  const owner = webhookSecretOwner(secretId);
  const [wrapped] = await vault.wrap([{ owner, key: random.bytes(KEY_BYTES) }]);
  if (wrapped === undefined) throw new Error('the vault wrapped no key');
  const [key] = await vault.computeMacs([{ owner, wrapped, algorithm: 'sha256', message: LABEL }]);
  if (!key) throw new Error('the vault does not open what it wrapped');
  return { row: { secretId, wrapped, createdAt, expiresAt: 0 }, secret: textOf(key) };
}

/** `whsec_` and base64, as libraries of Standard Webhooks take it. */
function textOf(key: Uint8Array): string {
  return `whsec_${Buffer.from(key).toString('base64')}`;
}

interface HeldSecret {
  readonly key: Uint8Array;
  readonly until: number;
}

/** Signs deliveries. Keeps the secrets in memory for `webhookSecretCachedMs`, so that deliveries do not wait in the vault's line. */
export class WebhookSigner {
  readonly #vault: Pick<KeyVault, 'computeMacs'>;
  readonly #held = new Map<string, HeldSecret>();

  constructor({ vault }: { readonly vault: Pick<KeyVault, 'computeMacs'> }) {
    this.#vault = vault;
  }

  /**
   * Signs as Standard Webhooks has it, by each secret that is live, the newest first.
   * @param at ms since 1970
   * @returns the headers of the delivery
   * @throws VaultUnavailable
   */
  async headers(
    webhook: WebhookRow,
    { eventId, at, body }: { readonly eventId: string; readonly at: number; readonly body: string },
  ): Promise<Readonly<Record<string, string>>> {
    const live = liveSecrets(webhook, at);
    const keys = await Promise.all(live.map((secret) => this.#key(secret)));
    const timestamp = String(Math.floor(at / 1_000));
    const signed = `${eventId}.${timestamp}.${body}`;
    const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    return {
      'webhook-id': eventId,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
    };
  }

  async #key({ secretId, wrapped }: WebhookSecretRow): Promise<Uint8Array> {
    const now = performance.now();
    const held = this.#held.get(secretId);
    if (held && held.until > now) return held.key;
    const owner = webhookSecretOwner(secretId);
    const [key] = await this.#vault.computeMacs([{ owner, wrapped, algorithm: 'sha256', message: LABEL }]);
    // Wrapped under a destroyed version: it was read before a rotation, and the next reading has it anew.
    if (!key) throw new VaultUnavailable(`the vault does not open the webhook secret ${secretId}`);
    for (const [id, { until }] of this.#held) if (until <= now) this.#held.delete(id);
    this.#held.set(secretId, { key, until: now + LIMITS.webhookSecretCachedMs });
    return key;
  }
}

/** The newest first. */
export function liveSecrets({ secrets }: WebhookRow, at: number): readonly WebhookSecretRow[] {
  return secrets.filter(({ expiresAt }) => expiresAt === 0 || expiresAt > at).toReversed();
}
