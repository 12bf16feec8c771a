import {
  addSigningKey,
  createService,
  disableService,
  enableService,
  rotateServiceKey,
  setServiceScopes,
} from '../../application/services/manage-services.ts';
import { SCOPES } from '../../application/services/scopes.ts';
import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { operation, parameters } from './operation.ts';

const name = { type: 'string', minLength: 1, maxLength: 64 } as const;
const scopes = { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: SCOPES.length } as const;
const ofService = parameters({ name });

export const serviceCreate = operation(parameters({ name, scopes }), async ({ application }, given) => {
  const created = await createService(application.context, given);
  return isRefusal(created) ? created : { name: created.service.name, key: created.key };
});

/** Makes a new key. The previous one stays valid until the next rotation. */
export const serviceRotate = operation(ofService, async ({ application }, given) => {
  const rotated = await rotateServiceKey(application.context, given.name);
  return isRefusal(rotated) ? rotated : { name: rotated.service.name, key: rotated.key };
});

/** Adds a public key by which the service signs requests. */
export const serviceSigningKey = operation(
  parameters({ name, jwk: { type: 'object' } as const }),
  async ({ application }, given) => {
    const changed = await addSigningKey(application.context, given.name, given.jwk);
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
      created_at: rfc3339(service.createdAt),
    })),
  };
});
