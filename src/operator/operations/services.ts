import {
  addSigningKey,
  createService,
  disableService,
  enableService,
  type KeyLife,
  rotateServiceKey,
  setServiceScopes,
} from '../../application/services/manage-services.ts';
import { SCOPES } from '../../application/services/scopes.ts';
import { idOfServiceKey } from '../../application/services/service-keys.ts';
import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { operation, parameters } from './operation.ts';

const name = { type: 'string', minLength: 1, maxLength: 64 } as const;
const scopes = { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: SCOPES.length } as const;
const expires_at = { type: 'string', minLength: 1, maxLength: 40 } as const;
const ofService = parameters({ name });

export const serviceCreate = operation(
  parameters({ name, scopes, expires_at }, ['expires_at']),
  async ({ application }, given) => {
    const { name, scopes } = given;
    const created = await createService(application.context, { name, scopes, ...keyLife(given) });
    return isRefusal(created) ? created : { name: created.service.name, key: created.key };
  },
);

/** Makes a new key. The previous one stays valid until the next rotation. */
export const serviceRotate = operation(
  parameters({ name, expires_at }, ['expires_at']),
  async ({ application }, given) => {
    const rotated = await rotateServiceKey(application.context, given.name, {}, keyLife(given));
    return isRefusal(rotated) ? rotated : { name: rotated.service.name, key: rotated.key };
  },
);

/** Adds a public key by which the service signs requests. */
export const serviceSigningKey = operation(
  parameters({ name, jwk: { type: 'object' } as const, expires_at }, ['expires_at']),
  async ({ application }, given) => {
    const changed = await addSigningKey(application.context, given.name, given.jwk, {}, keyLife(given));
    return isRefusal(changed) ? changed : { name: changed.name };
  },
);

export const serviceScopes = operation(parameters({ name, scopes }), async ({ application }, given) => {
  const changed = await setServiceScopes(application.context, given.name, given.scopes);
  return isRefusal(changed) ? changed : { name: changed.name, scopes: changed.scopes };
});

export const serviceDisable = operation(ofService, ({ application }, given) =>
  named(disableService(application.context, given.name)),
);

export const serviceEnable = operation(ofService, ({ application }, given) =>
  named(enableService(application.context, given.name)),
);

function keyLife({ expires_at: expiresAt }: { readonly expires_at?: string | undefined }): KeyLife {
  return expiresAt === undefined ? {} : { expiresAt };
}

async function named(
  act: Promise<{ readonly name: string } | Refusal>,
): Promise<{ readonly name: string } | Refusal> {
  const service = await act;
  return isRefusal(service) ? service : { name: service.name };
}

export const serviceList = operation(parameters({}), async ({ application }) => {
  const services = await application.context.store.listServices();
  return {
    services: services.map((service) => ({
      name: service.name,
      scopes: service.scopes,
      disabled: service.disabled,
      keys: service.keys.length,
      // Apart from `keys`, whose number scripts read.
      key_list: service.keys.map((key) => ({
        id: idOfServiceKey(key),
        hint: key.hint ?? null,
        created_at: rfc3339(key.createdAt),
        expires_at: key.expiresAt === undefined ? null : rfc3339(key.expiresAt),
        last_used_at: key.lastUsedAt === undefined ? null : rfc3339(key.lastUsedAt),
      })),
      created_at: rfc3339(service.createdAt),
    })),
  };
});
