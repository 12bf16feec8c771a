import { rotateKeys } from '../../application/keys/rotate-keys.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import type { DerivedKey, DerivedKeyPurpose } from '../../ports/key-vault.ts';
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
  const [version, keys, versions, challenge, session] = await Promise.all([
    vault.activeKeyVersion(),
    vault.publicKeys(),
    vault.listKeyVersions(),
    vault.deriveKeys('challenge', 'list'),
    vault.deriveKeys('session', 'list'),
  ]);
  return {
    custody: vault.custody,
    key_version: version,
    versions: versions.map(({ version: each, createdAt, unwraps, keyId }, index) => ({
      version: each,
      made_at: timeOf(createdAt),
      active: index === 0,
      encryption_key: unwraps ? 'kept' : 'destroyed',
      signing_key: keyId,
    })),
    master_keys: [...livesOf('challenge', challenge), ...livesOf('session', session)],
    signing_keys: keys.map(({ jwk, active }) => ({ ...jwk, active })),
  };
});

/** The keys that others are derived from, and until when each is good. @param keys newest first */
function livesOf(use: DerivedKeyPurpose, keys: readonly DerivedKey[]) {
  return keys.map(({ version, createdAt }, index) => {
    const next = keys[index - 1];
    const until = next && next.createdAt > 0 ? timeOf(next.createdAt + LIMITS.masterKeyLifeMs) : null;
    return { use, version, active: next === undefined, made_at: timeOf(createdAt), good_until: until };
  });
}

function timeOf(at: number): string | null {
  return at > 0 ? rfc3339(at) : null;
}
