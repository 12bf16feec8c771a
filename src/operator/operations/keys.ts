import { rotateKeys } from '../../application/keys/rotate-keys.ts';
import { exclusively, operation, parameters } from './operation.ts';

export const keysRotate = operation(
  parameters({ keep_old: { type: 'boolean' } }),
  (target, given, cancelled) =>
    exclusively(
      target,
      'keys.rotate',
      async (signal) => {
        const rotated = await rotateKeys(target.application.context, { keepOld: given.keep_old, signal });
        return {
          version: rotated.version,
          rewrapped: rotated.rewrapped,
          damaged: rotated.damaged,
          old_destroyed: rotated.oldDestroyed,
        };
      },
      cancelled,
    ),
);

export const keysList = operation(parameters({}), async ({ application }) => {
  const { vault } = application.context;
  const [version, keys] = await Promise.all([vault.activeKeyVersion(), vault.publicKeys()]);
  return {
    custody: vault.custody,
    key_version: version,
    signing_keys: keys.map(({ jwk, active }) => ({ ...jwk, active })),
  };
});
