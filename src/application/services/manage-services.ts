import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { readPublicKey, thumbprintOf } from '../../domain/identity/public-key.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import { type ServiceRow, SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { byWhom } from '../decisions/change-as-system.ts';
import type { Job } from '../decisions/job.ts';
import { type IdempotencyCodec, idempotent, wholeResult } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import type { Act } from '../users/administer-user.ts';
import { changeService, type ServiceChange } from './change-service.ts';
import { parseScopes } from './scopes.ts';
import { hashOfKey, idOfServiceKey, type MadeServiceKey, makeServiceKey } from './service-keys.ts';

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const KEYS_MAX = 2;

export interface ServiceWithKey {
  readonly service: ServiceRow;
  /** The bearer token: returned once, stored as its hash. */
  readonly key: string;
  /** A repeat of an idempotency key: the key made then. */
  readonly repeated?: boolean;
}

/** A service after a change. `repeated`: a repeat of an idempotency key, nothing was changed again. */
export type ChangedService = ServiceRow & { readonly repeated?: boolean };

/** A key's end: an RFC 3339 time. Absent: it has none. */
export interface KeyLife {
  readonly expiresAt?: string;
}

export async function createService(
  context: Context,
  request: { readonly name: string; readonly scopes: readonly string[] } & KeyLife,
  act: Act = {},
): Promise<ServiceWithKey | Refusal> {
  const { name } = request;
  if (!NAME.test(name)) {
    return refuse('service_invalid', { detail: 'name: 1 to 64 of a-z, 0-9, dot, dash, underscore' });
  }
  const scopes = parseScopes(request.scopes);
  if (isRefusal(scopes)) return scopes;
  const made = makeServiceKey(context.random);
  const { key } = made;
  const createdAt = context.decider.now();
  const life = readKeyLife(request, createdAt);
  if (isRefusal(life)) return life;
  const serviceId = Buffer.from(context.random.bytes(9)).toString('base64url');
  const keys = [{ hash: made.hash, createdAt, hint: made.hint, ...life }];
  const service: ServiceRow = { serviceId, name, scopes, keys, disabled: false, createdAt };
  const job: Job<ServiceWithKey | Refusal> = {
    userId: SYSTEM_USER_ID,
    decide: (system) => ({
      result: { service, key },
      draft: {
        type: 'admin.service_created',
        detail: { service: name, scopes: scopes.join(' '), ...expiryDetail(made, life), ...byWhom(act) },
        state: system?.state ?? {},
        rows: [{ kind: 'service.insert', service }],
      },
    }),
    conflict: () => refuse('service_name_taken'),
  };
  const codec = await keyCodec(context, act);
  return (await context.decider.submit(idempotent(job, act.idempotency, codec))).result;
}

/** Adds a key beside the newest one; the oldest of three is dropped. */
export async function rotateServiceKey(
  context: Context,
  name: string,
  act: Act = {},
  keyLife: KeyLife = {},
): Promise<ServiceWithKey | Refusal> {
  const made = makeServiceKey(context.random);
  const { key, hash, hint } = made;
  const now = context.decider.now();
  const life = readKeyLife(keyLife, now);
  if (isRefusal(life)) return life;
  return changeService(context, name, act, {
    type: 'admin.service_key_rotated',
    detail: expiryDetail(made, life),
    change: (service) => {
      // The order of their times is the order of rotation, also when the clock was put back.
      const createdAt = Math.max(now, (service.keys.at(-1)?.createdAt ?? 0) + 1);
      return { ...service, keys: [...service.keys, { hash, createdAt, hint, ...life }].slice(-KEYS_MAX) };
    },
    result: (service) => ({ service, key }),
    codec: await keyCodec(context, act),
  });
}

/**
 * Adds a public key by which the service signs its requests, in place of a secret; the oldest of three keys is dropped.
 * @param jwk a public P-256 key
 *
 * Why: docs/DECISIONS.md#a-services-signing-key-is-known-by-its-thumbprint
 */
export async function addSigningKey(
  context: Context,
  name: string,
  jwk: unknown,
  act: Act = {},
  keyLife: KeyLife = {},
): Promise<ChangedService | Refusal> {
  const key = readPublicKey(jwk);
  if (typeof key === 'string') return refuse('service_invalid', { detail: key });
  const hash = hashOfKey(JSON.stringify(key));
  const hint = thumbprintOf(key);
  const now = context.decider.now();
  const life = readKeyLife(keyLife, now);
  if (isRefusal(life)) return life;
  return changeService(context, name, act, {
    type: 'admin.service_key_rotated',
    detail: { signing_key: hint, ...expiryDetail({ hash }, life) },
    change: (service) => {
      const createdAt = Math.max(now, (service.keys.at(-1)?.createdAt ?? 0) + 1);
      return { ...service, keys: [...service.keys, { hash, createdAt, hint, ...life }].slice(-KEYS_MAX) };
    },
    ...WHOLE_SERVICE,
  });
}

/**
 * Revokes one key at once. The last one can be revoked of a disabled service alone, which then needs a new one before
 * it can do anything.
 * @param keyId as `idOfServiceKey` gives it
 * @returns the service, or `service_unknown`, `service_key_unknown`, `service_key_last`, `busy`
 */
export function revokeServiceKey(
  context: Context,
  name: string,
  keyId: string,
  act: Act = {},
): Promise<ChangedService | Refusal> {
  return changeService(context, name, act, {
    type: 'admin.service_key_revoked',
    detail: { key: keyId },
    change: (service) => {
      const keys = service.keys.filter((key) => idOfServiceKey(key) !== keyId);
      if (keys.length === service.keys.length) return refuse('service_key_unknown');
      return keys.length === 0 && !service.disabled ? refuse('service_key_last') : { ...service, keys };
    },
    ...WHOLE_SERVICE,
  });
}

/** Replaces the service's scopes, from its next request on. */
export async function setServiceScopes(
  context: Context,
  name: string,
  given: readonly string[],
  act: Act = {},
): Promise<ChangedService | Refusal> {
  const scopes = parseScopes(given);
  if (isRefusal(scopes)) return scopes;
  return changeService(context, name, act, {
    type: 'admin.service_scopes_set',
    detail: { scopes: scopes.join(' ') },
    change: (service) => ({ ...service, scopes }),
    ...WHOLE_SERVICE,
  });
}

export function disableService(
  context: Context,
  name: string,
  act: Act = {},
): Promise<ChangedService | Refusal> {
  return changeService(context, name, act, {
    type: 'admin.service_disabled',
    change: (service) => ({ ...service, disabled: true }),
    ...WHOLE_SERVICE,
  });
}

export function enableService(
  context: Context,
  name: string,
  act: Act = {},
): Promise<ChangedService | Refusal> {
  return changeService(context, name, act, {
    type: 'admin.service_enabled',
    change: (service) => ({ ...service, disabled: false }),
    ...WHOLE_SERVICE,
  });
}

function readKeyLife({ expiresAt: given }: KeyLife, now: number): { readonly expiresAt?: number } | Refusal {
  if (given === undefined) return {};
  const expiresAt = Date.parse(given);
  const leftMs = expiresAt - now;
  return leftMs > 0 && leftMs <= LIMITS.serviceKeyLifeMsMax
    ? { expiresAt }
    : refuse('service_invalid', { detail: 'expires_at: later than now, within ten years' });
}

/** For the entry, so that an audit notices another end. */
function expiryDetail(
  { hash }: Pick<MadeServiceKey, 'hash'>,
  { expiresAt }: { readonly expiresAt?: number },
): Readonly<Record<string, string>> {
  if (expiresAt === undefined) return {};
  return { key: idOfServiceKey({ hash }), key_expires_at: rfc3339(expiresAt) };
}

const WHOLE_SERVICE: Pick<ServiceChange<ChangedService>, 'result' | 'codec'> = {
  result: (service) => service,
  codec: wholeResult<ChangedService>(),
};

function keyCodec(
  context: Context,
  { idempotency }: Act,
): Promise<IdempotencyCodec<ServiceWithKey, ServiceWithKey>> {
  return secretCodec<'key', ServiceWithKey>(context, SYSTEM_USER_ID, idempotency, 'key', String);
}
