import { setTimeout as delay } from 'node:timers/promises';
import type { Refusal } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { type StoredKey, SYSTEM_USER_ID, type WrappedKeyRef } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { findRecord, repeated } from '../idempotency/idempotency-record.ts';
import { idempotent } from '../idempotency/idempotent.ts';
import type { Act } from '../users/administer-user.ts';
import { datasetOwner, identityKeyOwner, macKeyOwner, seedOwner, webhookSecretOwner } from './key-owner.ts';
import { bindingOf } from './vault-binding.ts';

const PAGE = 512;
const PASSES_MAX = 4;

export interface RotateKeysRequest {
  /** Keep the old key-encryption keys, so that older backups open with the current vault file. */
  readonly keepOld?: boolean;
  /**
   * How long the old keys stay after the first sweep, in ms: other servers may have wrapped keys before they knew the new
   * version, and commit them later. Default: `keyGraceMs` if the store allows other servers, else 0.
   */
  readonly graceMs?: number;
  /** Ends the rotation at its next step: the new keys are in use, what was not wrapped again yet waits for the next one. */
  readonly signal?: AbortSignal;
}

export interface RotatedKeys {
  readonly version: number;
  readonly rewrapped: number;
  /** Keys that could not be unwrapped, because they were damaged before. If there is one, the old versions are kept. */
  readonly damaged: number;
  readonly oldDestroyed: boolean;
  /** The answer is from the idempotency record: the keys were rotated then, not now. */
  readonly repeated?: boolean;
}

/**
 * Makes a new key-encryption and signing key, wraps every seed and MAC key again under it, then destroys the old
 * versions. Traffic goes on: each key is replaced by compare-and-set, and a request that holds the old form reloads it.
 *
 * Waits for this server's tasks that hold a wrapped key. Those of other servers are not known, so the time between the
 * first sweep and the last is longer than a request can take (`decisionTimeMs`, then the store's own bounds), and the last
 * sweep finds what they committed. Concurrent rotations are safe: each only rewraps to a newer version.
 * @param act the caller over the API; with an idempotency key the result may be `idempotency_mismatch`
 *
 * Why: docs/DECISIONS.md#a-rotation-waits-for-other-servers
 */
export function rotateKeys(context: Context, request: RotateKeysRequest): Promise<RotatedKeys>;
export function rotateKeys(
  context: Context,
  request: RotateKeysRequest,
  act: Act,
): Promise<RotatedKeys | Refusal>;
export async function rotateKeys(
  context: Context,
  request: RotateKeysRequest,
  { by, idempotency }: Act = {},
): Promise<RotatedKeys | Refusal> {
  const before = await findRecord<RotatedKeys>(context, SYSTEM_USER_ID, idempotency);
  if (before) return repeated(before);
  const { vault, decider, userCache, store } = context;
  const { keepOld = false, graceMs = store.changedSince ? LIMITS.keyGraceMs : 0, signal } = request;
  signal?.throwIfAborted();
  const version = await vault.createKeyVersion();
  // Before anything is wrapped under it: an older copy of the vault is refused from now on.
  await store.bindVault({ ...(await bindingOf(vault)), keyVersion: version });
  await context.keyLeases.settled();
  let { rewrapped, damaged, left } = await rewrapUntilDone(context, signal);
  if (graceMs > 0 && !keepOld) {
    await delay(graceMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    const late = await rewrapUntilDone(context, signal);
    rewrapped += late.rewrapped;
    ({ damaged, left } = late);
  }
  const oldDestroyed = !keepOld && damaged === 0 && left === 0 && !signal?.aborted;
  if (oldDestroyed) await vault.destroyKeyVersionsBelow(version);
  userCache.invalidateAll();
  const rotated: RotatedKeys = { version, rewrapped, damaged, oldDestroyed };
  const old = oldDestroyed ? 'destroyed' : 'kept';
  const detail = { version, rewrapped, old, ...(by === undefined ? {} : { by }) };
  const job: Job<RotatedKeys | Refusal> = {
    userId: SYSTEM_USER_ID,
    decide: (user) =>
      user
        ? { result: rotated, draft: { type: 'key.rotated', detail, state: user.state } }
        : { result: rotated },
  };
  const codec = { keep: (kept: RotatedKeys) => kept, again: () => rotated };
  return (await decider.submit(idempotent(job, idempotency, codec))).result;
}

/** Sweeps until nothing changes: the second pass finds keys wrapped under the old version during the first. */
async function rewrapUntilDone(context: Context, signal: AbortSignal | undefined) {
  let rewrapped = 0;
  for (let pass = 1; ; pass++) {
    const done = await rewrapAll(context, signal);
    rewrapped += done.rewrapped;
    const { damaged, changedMeanwhile: left } = done;
    const over = pass === PASSES_MAX || signal?.aborted;
    if ((done.rewrapped === 0 && left === 0) || over) return { rewrapped, damaged, left };
  }
}

async function rewrapAll({ store, vault, userCache }: Context, signal: AbortSignal | undefined) {
  let rewrapped = 0;
  let damaged = 0;
  let changedMeanwhile = 0;
  let after: WrappedKeyRef | undefined;
  for (;;) {
    const page = await store.listWrappedKeys({ after, limit: PAGE });
    if (page.length === 0 || signal?.aborted) return { rewrapped, damaged, changedMeanwhile };
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
    userCache.invalidate(page.map((key) => key.userId));
  }
}

/** Names the owner that a stored key was wrapped for. */
export function ownerOf(key: StoredKey): string {
  if (key.kind === 'dataset') return datasetOwner(key.tokenId);
  if (key.kind === 'identity')
    return identityKeyOwner(key.userId, key.tokenId.endsWith('/sign') ? 'sign' : 'seal');
  if (key.kind === 'webhook') return webhookSecretOwner(key.tokenId);
  return key.kind === 'mac' ? macKeyOwner(key.userId) : seedOwner(key.userId, key.tokenId);
}
