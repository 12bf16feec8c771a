import { type StoredKey, SYSTEM_USER_ID, type WrappedKeyRef } from '../ports/store.ts';
import type { Context } from './context.ts';
import { macKeyOwner, seedOwner } from './register-user.ts';

const PAGE = 512;

export interface RotateKeysRequest {
  /** Keep the old key-encryption keys: backups made before still open with the vault file of today. */
  readonly keepOld?: boolean;
}

export interface RotatedKeys {
  readonly version: number;
  readonly rewrapped: number;
  /** Keys that open for nobody: damaged before this rotation. Old versions are kept when there is one. */
  readonly damaged: number;
  readonly oldDestroyed: boolean;
}

/**
 * Makes a new key-encryption and signing key, wraps every seed and MAC key again under it, then destroys the old
 * ones, while traffic runs: each key is replaced by compare-and-set, and whoever still holds the old form reads it anew.
 */
export async function rotateKeys(
  context: Context,
  { keepOld = false }: RotateKeysRequest,
): Promise<RotatedKeys> {
  const { vault, decider } = context;
  const version = await vault.createKeyVersion();
  await context.keyLeases.settled();
  let rewrapped = 0;
  let damaged = 0;
  let left = 0;
  // A key wrapped under the old version while the first pass ran is met by the second.
  for (let pass = 0; pass < 4; pass++) {
    const done = await rewrapAll(context);
    rewrapped += done.rewrapped;
    damaged = done.damaged;
    left = done.changedMeanwhile;
    if (done.rewrapped === 0 && left === 0) break;
  }
  const oldDestroyed = !keepOld && damaged === 0 && left === 0;
  if (oldDestroyed) await vault.destroyKeyVersionsBelow(version);
  decider.forget();
  await decider.submit({
    userId: SYSTEM_USER_ID,
    decide: (user) =>
      user
        ? {
            result: undefined,
            draft: {
              type: 'key.rotated',
              detail: { version, rewrapped, old: oldDestroyed ? 'destroyed' : 'kept' },
              state: user.state,
            },
          }
        : { result: undefined },
  });
  return { version, rewrapped, damaged, oldDestroyed };
}

async function rewrapAll({ store, vault, decider }: Context) {
  let rewrapped = 0;
  let damaged = 0;
  let changedMeanwhile = 0;
  let after: WrappedKeyRef | undefined;
  for (;;) {
    const page = await store.listWrappedKeys({ after, limit: PAGE });
    if (page.length === 0) return { rewrapped, damaged, changedMeanwhile };
    after = page[page.length - 1];
    const renewed = await vault.rewrap(page.map((key) => ({ owner: ownerOf(key), wrapped: key.wrapped })));
    const replacements = page.flatMap((key, index) => {
      const replacement = renewed[index];
      if (replacement === undefined) damaged++;
      return replacement === undefined || replacement === key.wrapped
        ? []
        : [{ kind: key.kind, userId: key.userId, tokenId: key.tokenId, expected: key.wrapped, replacement }];
    });
    if (replacements.length === 0) continue;
    const replaced = await store.replaceWrappedKeys(replacements);
    for (const won of replaced) {
      if (won) rewrapped++;
      else changedMeanwhile++;
    }
    decider.forget(page.map((key) => key.userId));
  }
}

function ownerOf(key: StoredKey): string {
  return key.kind === 'mac' ? macKeyOwner(key.userId) : seedOwner(key.userId, key.tokenId);
}
