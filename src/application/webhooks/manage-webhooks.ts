import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { SYSTEM_USER_ID, type WebhookRow, type WebhookSecretRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { changeAsSystem } from '../decisions/change-as-system.ts';
import type { Draft } from '../decisions/job.ts';
import { type IdempotencyCodec, wholeResult } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import type { Act } from '../users/administer-user.ts';
import { startOfProgress } from './webhook-progress.ts';
import { liveSecrets, makeWebhookSecret } from './webhook-secret.ts';
import { parseWebhookTypes } from './webhook-types.ts';
import { parseWebhookUrl, urlForJournal } from './webhook-url.ts';

export interface WebhookWithSecret {
  readonly webhook: WebhookRow;
  /** Told this once. */
  readonly secret: string;
  /** A repeat of an idempotency key: the secret made then. */
  readonly repeated?: boolean;
}

/** A webhook after a change. `repeated`: a repeat of an idempotency key, nothing was changed again. */
export type ChangedWebhook = WebhookRow & { readonly repeated?: boolean };

/** Why a webhook is disabled by the server itself: it failed for `webhookRetryTimeMs`, or answered 410 Gone. */
export type DisabledReason = 'failing' | 'gone';

const ID_BYTES = 9;

/**
 * Makes an endpoint. It gets the events from now on.
 * @returns it with its secret, or `webhook_invalid`, `webhook_address_refused`, `webhooks_too_many`, `busy`
 * @throws VaultUnavailable
 */
export function createWebhook(
  context: Context,
  request: { readonly url: string; readonly types?: readonly string[] | undefined },
  act: Act = {},
): Promise<WebhookWithSecret | Refusal> {
  return context.keyLeases.hold(async () => {
    const url = parseWebhookUrl(request.url, context.calledAddresses);
    if (isRefusal(url)) return url;
    const types = parseWebhookTypes(request.types ?? []);
    if (isRefusal(types)) return types;
    const createdAt = context.decider.now();
    const webhookId = `wh_${makeId(context)}`;
    const { row, secret } = await makeWebhookSecret(context, makeId(context), createdAt);
    const state = startOfProgress(await context.outgoingEvents.size());
    const webhook: WebhookRow = {
      ...{ webhookId, url, types, createdAt },
      ...{ enabled: true, enabledAt: createdAt, disabledReason: '', secrets: [row] },
    };
    return changeAsSystem<readonly WebhookRow[], WebhookWithSecret>(context, act, {
      read: () => context.store.listWebhooks(),
      change: (known) => {
        if (known.length >= LIMITS.webhooksMax) return refuse('webhooks_too_many');
        return {
          result: { webhook, secret },
          draft: {
            type: 'admin.webhook_created',
            detail: { webhook: webhookId, url: urlForJournal(url), types: types.join(' ') },
            rows: [{ kind: 'webhook.insert', webhook, progress: { fence: 0, state } }],
          },
        };
      },
      codec: await withSecret(context, act),
    });
  });
}

export interface WebhookChange {
  readonly types?: readonly string[] | undefined;
  readonly enabled?: boolean | undefined;
}

/** Changes which events an endpoint gets, from those on that are not taken yet, or whether it gets any. What waits is kept. */
export async function changeWebhook(
  context: Context,
  webhookId: string,
  wanted: WebhookChange,
  act: Act = {},
): Promise<ChangedWebhook | Refusal> {
  const types = wanted.types && parseWebhookTypes(wanted.types);
  if (types && isRefusal(types)) return types;
  return changeOne<ChangedWebhook>(context, webhookId, act, {
    change: (known) => {
      const { enabled = known.enabled } = wanted;
      const webhook: WebhookRow = {
        ...known,
        types: types ?? known.types,
        enabled,
        enabledAt: enabled && !known.enabled ? context.decider.now() : known.enabledAt,
        disabledReason: enabled ? '' : known.disabledReason,
      };
      return {
        result: webhook,
        draft: {
          type: 'admin.webhook_changed',
          detail: { types: webhook.types.join(' '), enabled },
          rows: [{ kind: 'webhook.update', webhook }],
        },
      };
    },
    codec: wholeResult<ChangedWebhook>(),
  });
}

/** Deletes an endpoint with its delivery log. What was not delivered never is. */
export function deleteWebhook(
  context: Context,
  webhookId: string,
  act: Act = {},
): Promise<ChangedWebhook | Refusal> {
  return changeOne<ChangedWebhook>(context, webhookId, act, {
    change: (known) => ({
      result: known,
      draft: {
        type: 'admin.webhook_deleted',
        detail: { url: urlForJournal(known.url) },
        rows: [{ kind: 'webhook.delete', webhookId }],
      },
    }),
    codec: wholeResult<ChangedWebhook>(),
  });
}

/**
 * Gives an endpoint a new secret. The one before goes on signing beside it for `webhookSecretOverlapMs`, so that the receiver
 * can change without a pause; an older one ends at once.
 * @throws VaultUnavailable
 */
export function rotateWebhookSecret(
  context: Context,
  webhookId: string,
  act: Act = {},
): Promise<WebhookWithSecret | Refusal> {
  return context.keyLeases.hold(async () => {
    const now = context.decider.now();
    const { row, secret } = await makeWebhookSecret(context, makeId(context), now);
    return changeOne<WebhookWithSecret>(context, webhookId, act, {
      change: (known) => {
        const webhook = { ...known, secrets: rotated(known, row, now) };
        return {
          result: { webhook, secret },
          draft: { type: 'admin.webhook_secret_rotated', rows: [{ kind: 'webhook.update', webhook }] },
        };
      },
      codec: await withSecret(context, act),
    });
  });
}

function rotated(known: WebhookRow, made: WebhookSecretRow, now: number): readonly WebhookSecretRow[] {
  const [newest] = liveSecrets(known, now);
  // The order of their times is the order of rotation, also when the clock was put back.
  const createdAt = Math.max(made.createdAt, (newest?.createdAt ?? 0) + 1);
  const before = newest ? [{ ...newest, expiresAt: now + LIMITS.webhookSecretOverlapMs }] : [];
  return [...before, { ...made, createdAt }];
}

/** Disables an endpoint that is dead, as an entry of the server itself. Nothing where it is disabled or gone already. */
export async function disableDeadWebhook(
  context: Context,
  webhookId: string,
  reason: DisabledReason,
): Promise<void> {
  const refused = refuse('webhook_unknown');
  await changeOne<ChangedWebhook>(
    context,
    webhookId,
    {},
    {
      change: (known) => {
        if (!known.enabled) return refused;
        const webhook = { ...known, enabled: false, disabledReason: reason };
        return {
          result: webhook,
          draft: {
            type: 'admin.webhook_disabled',
            reason,
            detail: { url: urlForJournal(known.url) },
            rows: [{ kind: 'webhook.update', webhook }],
          },
        };
      },
      codec: wholeResult<ChangedWebhook>(),
    },
  );
}

export interface WebhookRequested {
  readonly webhookId: string;
  readonly repeated?: boolean;
}

/**
 * Asks the relay for a test event, for one entry again (tried once, beside the order), or for every entry from an index
 * on. What became of it stands in the delivery log.
 * @returns `webhook_unknown`, `webhook_invalid` (the index is not in the log), `webhooks_too_many` where too much waits
 */
export async function commandWebhook(
  context: Context,
  webhookId: string,
  command: { readonly kind: 'test' } | { readonly kind: 'retry' | 'replay'; readonly index: number },
  act: Act = {},
): Promise<WebhookRequested | Refusal> {
  const index = command.kind === 'test' ? 0 : command.index;
  const size = await context.outgoingEvents.size();
  if (command.kind !== 'test' && index >= size) {
    return refuse('webhook_invalid', { detail: `index: the log has entries 0 to ${size - 1}` });
  }
  const { commands } = await context.store.readWebhookProgress();
  const waiting = commands.filter((each) => each.webhookId === webhookId).length;
  if (waiting >= LIMITS.webhookCommandsMax) return refuse('webhooks_too_many', { retryAfterMs: 1_000 });
  const at = context.decider.now();
  const commandId = `${String(at).padStart(14, '0')}.${makeId(context)}`;
  const { kind } = command;
  return changeOne<WebhookRequested>(context, webhookId, act, {
    change: ({ enabled }) => {
      if (!enabled) return refuse('webhook_invalid', { detail: 'it is disabled: enable it first' });
      return {
        result: { webhookId },
        draft: {
          type: COMMANDED[kind],
          detail: kind === 'test' ? {} : { index },
          rows: [{ kind: 'webhook.command', command: { webhookId, commandId, kind, index, at } }],
        },
      };
    },
    codec: wholeResult<WebhookRequested>(),
  });
}

const COMMANDED = {
  test: 'admin.webhook_tested',
  retry: 'admin.webhook_retried',
  replay: 'admin.webhook_replayed',
} as const;

interface OneChange<T> {
  readonly change: (
    known: WebhookRow,
  ) => { readonly result: T; readonly draft: Omit<Draft, 'state'> } | Refusal;
  readonly codec: IdempotencyCodec<T, T>;
}

function changeOne<T extends object>(
  context: Context,
  webhookId: string,
  act: Act,
  { change, codec }: OneChange<T>,
): Promise<T | Refusal> {
  // Its row is written with its wrapped keys, so a rotation must wait for it.
  return context.keyLeases.hold(() =>
    changeAsSystem<WebhookRow | undefined, T>(context, act, {
      read: () => findWebhook(context, webhookId),
      change: (known) => {
        if (!known) return refuse('webhook_unknown');
        const changed = change(known);
        if (isRefusal(changed)) return changed;
        const { result, draft } = changed;
        return { result, draft: { ...draft, detail: { webhook: webhookId, ...draft.detail } } };
      },
      codec,
    }),
  );
}

export async function findWebhook({ store }: Context, webhookId: string): Promise<WebhookRow | undefined> {
  return (await store.listWebhooks()).find((webhook) => webhook.webhookId === webhookId);
}

function makeId({ random }: Context): string {
  return Buffer.from(random.bytes(ID_BYTES)).toString('base64url');
}

function withSecret(
  context: Context,
  { idempotency }: Act,
): Promise<IdempotencyCodec<WebhookWithSecret, WebhookWithSecret>> {
  return secretCodec<'secret', WebhookWithSecret>(context, SYSTEM_USER_ID, idempotency, 'secret', String);
}
