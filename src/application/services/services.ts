import { hash } from 'node:crypto';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { type ServiceKey, type ServiceRow, SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { type IdempotencyCodec, idempotent, wholeResult } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import type { Act } from '../users/administer-user.ts';

/** What a service may do. */
export const SCOPES = ['transactions:write', 'transactions:read', 'codes:verify', 'users:read'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether these scopes are enough: who may ask for transactions may see what came of them. */
export function allows(scopes: readonly string[], scope: Scope): boolean {
  if (scopes.includes(scope)) return true;
  return scope === 'transactions:read' && scopes.includes('transactions:write');
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const KEYS_MAX = 2;
const KEY_ID_LENGTH = 16;
const KEY_PATTERN = /^slo_[A-Za-z0-9_-]{43}$/;
const CHANGE_ATTEMPTS_MAX = 16;

export interface ServiceWithKey {
  readonly service: ServiceRow;
  /** The bearer token: told once, stored as its hash. */
  readonly key: string;
  /** A stored answer to the same idempotency key: the key made then. */
  readonly repeated?: boolean;
}

/** As it is after a change; `repeated`: by a stored answer to the same idempotency key. */
export type ChangedService = ServiceRow & { readonly repeated?: boolean };

function makeServiceKey(context: Context): { readonly key: string; readonly hash: string } {
  const key = `slo_${Buffer.from(context.random.bytes(32)).toString('base64url')}`;
  return { key, hash: hashOfKey(key) };
}

function hashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}

export async function createService(
  context: Context,
  request: { readonly name: string; readonly scopes: readonly string[] },
  act: Act = {},
): Promise<ServiceWithKey | Refusal> {
  if (!NAME.test(request.name)) {
    return refuse('service_invalid', { detail: 'name: 1 to 64 of a-z, 0-9, dot, dash, underscore' });
  }
  const scopes = knownScopes(request.scopes);
  if (isRefusal(scopes)) return scopes;
  const { key, hash } = makeServiceKey(context);
  const createdAt = context.decider.now();
  const serviceId = Buffer.from(context.random.bytes(9)).toString('base64url');
  const keys = [{ hash, createdAt }];
  const service: ServiceRow = { serviceId, name: request.name, scopes, keys, disabled: false, createdAt };
  const job: Job<ServiceWithKey | Refusal> = {
    userId: SYSTEM_USER_ID,
    decide: (system) => ({
      result: { service, key },
      draft: {
        type: 'admin.service_created',
        detail: { service: request.name, scopes: scopes.join(' '), ...byWhom(act) },
        state: system?.state ?? {},
        rows: [{ kind: 'service.insert', service }],
      },
    }),
    conflict: () => refuse('service_name_taken'),
  };
  const codec = await keyCodec(context, act);
  const { result } = await context.decider.submit(idempotent(job, act.idempotency, codec));
  return result;
}

/** A new key beside the newest old one; the oldest of three goes. */
export async function rotateServiceKey(
  context: Context,
  name: string,
  act: Act = {},
): Promise<ServiceWithKey | Refusal> {
  const { key, hash } = makeServiceKey(context);
  const now = context.decider.now();
  return changeService(context, name, act, {
    type: 'admin.service_key_rotated',
    change: (service) => {
      // The order of their times is the order of rotation, also when the clock was put back.
      const createdAt = Math.max(now, (service.keys.at(-1)?.createdAt ?? 0) + 1);
      return { ...service, keys: [...service.keys, { hash, createdAt }].slice(-KEYS_MAX) };
    },
    answer: (service) => ({ service, key }),
    codec: await keyCodec(context, act),
  });
}

/** By which one of a service's keys is told from the others: the beginning of its hash, which opens nothing. */
export function idOfServiceKey({ hash }: ServiceKey): string {
  return hash.slice(0, KEY_ID_LENGTH);
}

/**
 * One key opens nothing any more, at once. The only one goes from a disabled service alone, which then needs a new one
 * before it can do anything.
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
    ...AS_IT_IS,
  });
}

/** What the service may do from its next request on. */
export async function setServiceScopes(
  context: Context,
  name: string,
  given: readonly string[],
  act: Act = {},
): Promise<ChangedService | Refusal> {
  const scopes = knownScopes(given);
  if (isRefusal(scopes)) return scopes;
  return changeService(context, name, act, {
    type: 'admin.service_scopes_set',
    detail: { scopes: scopes.join(' ') },
    change: (service) => ({ ...service, scopes }),
    ...AS_IT_IS,
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
    ...AS_IT_IS,
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
    ...AS_IT_IS,
  });
}

interface ServiceChange<T> {
  readonly type: `admin.${string}`;
  readonly detail?: Readonly<Record<string, string>>;
  readonly change: (service: ServiceRow) => ServiceRow | Refusal;
  readonly answer: (service: ServiceRow) => T;
  readonly codec: IdempotencyCodec<T, T>;
}

const AS_IT_IS = {
  answer: (service: ServiceRow): ChangedService => service,
  codec: wholeResult<ChangedService>(),
};

/**
 * Each change of a service is an entry of the system user, so what was read before one is stale after it: then it is
 * read again, and of two changes at once none is lost.
 */
async function changeService<T extends object>(
  context: Context,
  name: string,
  act: Act,
  { type, detail, change, answer, codec }: ServiceChange<T>,
): Promise<T | Refusal> {
  for (let attempt = 0; attempt < CHANGE_ATTEMPTS_MAX; attempt++) {
    const readAt = (await context.userCache.getOrLoad(SYSTEM_USER_ID))?.version;
    const known = (await context.store.listServices()).find((service) => service.name === name);
    if (!known) return refuse('service_unknown');
    const service = change(known);
    const job: Job<T | Refusal> = {
      userId: SYSTEM_USER_ID,
      decide: (system) => {
        if (system?.version !== readAt) return { result: STALE };
        if (isRefusal(service)) return { result: service };
        const rows = [{ kind: 'service.update', service }] as const;
        const draft = {
          type,
          detail: { service: name, ...detail, ...byWhom(act) },
          state: system?.state ?? {},
          rows,
        };
        return { result: answer(service), draft };
      },
    };
    const { result } = await context.decider.submit(idempotent(job, act.idempotency, codec));
    if (result !== STALE) return result;
  }
  return refuse('busy', { retryAfterMs: 1_000 });
}

const STALE = refuse('busy');

function keyCodec(
  context: Context,
  { idempotency }: Act,
): Promise<IdempotencyCodec<ServiceWithKey, ServiceWithKey>> {
  return secretCodec<'key', ServiceWithKey>(context, SYSTEM_USER_ID, idempotency, 'key', String);
}

function knownScopes(given: readonly string[]): readonly string[] | Refusal {
  const scopes = [...new Set(given)].sort();
  const unknown = scopes.some((scope) => !SCOPES.includes(scope as Scope));
  return unknown || scopes.length === 0
    ? refuse('service_invalid', { detail: `scopes: one or more of ${SCOPES.join(', ')}` })
    : scopes;
}

function byWhom({ by }: Act): Readonly<Record<string, string>> {
  return by === undefined ? {} : { by };
}

/** The service that a bearer token belongs to: looked up by its hash, so that no comparison tells how much of it fits. */
export async function authenticateService(context: Context, key: string): Promise<ServiceRow | undefined> {
  if (!KEY_PATTERN.test(key)) return undefined;
  const service = await context.store.findService(hashOfKey(key));
  return service && !service.disabled ? service : undefined;
}

const CACHE_TIME_MS = 1_000;
const CACHED_MAX = 1_024;

/**
 * The same for the hot path. A change made by this server counts at once, one made by another within a second.
 */
export class ServiceKeys {
  readonly #context: Context;
  #cached = new Map<string, { readonly service: ServiceRow; readonly until: number }>();
  /** Changed while a key was looked up: what was found may be stale. */
  #changes = 0;

  constructor(context: Context) {
    this.#context = context;
    const forget = () => {
      this.#changes++;
      this.#cached = new Map();
    };
    context.decider.subscribeCommits((entries) => {
      if (entries.some(({ userId }) => userId === SYSTEM_USER_ID)) forget();
    });
    context.userCache.subscribeChanges((users) => {
      if (users === 'all' || users.includes(SYSTEM_USER_ID)) forget();
    });
  }

  /** The service of a key that was looked up a moment ago. @returns undefined: ask `authenticate` */
  recall(key: string): ServiceRow | undefined {
    const known = this.#cached.get(key);
    return known && known.until > performance.now() ? known.service : undefined;
  }

  /** Whether it was a service's key not long ago. */
  knows(key: string): boolean {
    return this.#cached.has(key);
  }

  async authenticate(key: string): Promise<ServiceRow | undefined> {
    const known = this.recall(key);
    if (known) return known;
    const changes = this.#changes;
    const service = await authenticateService(this.#context, key);
    if (service && changes === this.#changes) {
      if (this.#cached.size >= CACHED_MAX) this.#cached = new Map();
      this.#cached.set(key, { service, until: performance.now() + CACHE_TIME_MS });
    }
    return service;
  }
}
