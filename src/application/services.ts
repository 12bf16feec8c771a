import { hash } from 'node:crypto';
import { type Refusal, refuse } from '../domain/errors.ts';
import { type ServiceRow, SYSTEM_USER_ID } from '../ports/store.ts';
import type { Context } from './context.ts';

/** What a service may do. */
export const SCOPES = ['transactions:write', 'transactions:read', 'codes:verify', 'users:read'] as const;
export type Scope = (typeof SCOPES)[number];

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const KEYS_MAX = 2;
const KEY_PATTERN = /^slo_[A-Za-z0-9_-]{43}$/;

export interface ServiceWithKey {
  readonly service: ServiceRow;
  /** The bearer token: told once, stored as its hash. */
  readonly key: string;
}

export function makeServiceKey(context: Context): { readonly key: string; readonly hash: string } {
  const key = `slo_${Buffer.from(context.random.bytes(32)).toString('base64url')}`;
  return { key, hash: hashOfKey(key) };
}

function hashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}

export async function createService(
  context: Context,
  request: { readonly name: string; readonly scopes: readonly string[] },
): Promise<ServiceWithKey | Refusal> {
  if (!NAME.test(request.name)) {
    return refuse('service_invalid', { detail: 'name: 1 to 64 of a-z, 0-9, dot, dash, underscore' });
  }
  const scopes = [...new Set(request.scopes)].sort();
  const unknown = scopes.find((scope) => !SCOPES.includes(scope as Scope));
  if (unknown !== undefined || scopes.length === 0) {
    return refuse('service_invalid', { detail: `scopes: one or more of ${SCOPES.join(', ')}` });
  }
  const { key, hash } = makeServiceKey(context);
  const createdAt = context.decider.now();
  const serviceId = Buffer.from(context.random.bytes(9)).toString('base64url');
  const keys = [{ hash, createdAt }];
  const service: ServiceRow = { serviceId, name: request.name, scopes, keys, disabled: false, createdAt };
  const { result } = await context.decider.submit<ServiceWithKey | Refusal>({
    userId: SYSTEM_USER_ID,
    decide: (system) => ({
      result: { service, key },
      draft: {
        type: 'admin.service_created',
        detail: { service: request.name, scopes: scopes.join(' ') },
        state: system?.state ?? {},
        rows: [{ kind: 'service.insert', service }],
      },
    }),
    conflict: () => refuse('service_name_taken'),
  });
  return result;
}

/** A new key beside the newest old one; the oldest of three goes. */
export async function rotateServiceKey(context: Context, name: string): Promise<ServiceWithKey | Refusal> {
  const { key, hash } = makeServiceKey(context);
  return changeService(context, name, 'admin.service_key_rotated', (service) => ({
    ...service,
    keys: [...service.keys, { hash, createdAt: context.decider.now() }].slice(-KEYS_MAX),
  })).then((changed) => ('refused' in changed ? changed : { service: changed, key }));
}

export function disableService(context: Context, name: string): Promise<ServiceRow | Refusal> {
  return changeService(context, name, 'admin.service_disabled', (service) => ({
    ...service,
    disabled: true,
  }));
}

async function changeService(
  context: Context,
  name: string,
  type: `admin.${string}`,
  change: (service: ServiceRow) => ServiceRow,
): Promise<ServiceRow | Refusal> {
  const known = (await context.store.listServices()).find((service) => service.name === name);
  if (!known) return refuse('service_unknown');
  const service = change(known);
  await context.decider.submit({
    userId: SYSTEM_USER_ID,
    decide: (system) => ({
      result: undefined,
      draft: {
        type,
        detail: { service: name },
        state: system?.state ?? {},
        rows: [{ kind: 'service.update', service }],
      },
    }),
  });
  return service;
}

/** The service that a bearer token belongs to: looked up by its hash, so that no comparison tells how much of it fits. */
export async function authenticateService(context: Context, key: string): Promise<ServiceRow | undefined> {
  if (!KEY_PATTERN.test(key)) return undefined;
  const service = await context.store.findService(hashOfKey(key));
  return service && !service.disabled ? service : undefined;
}
