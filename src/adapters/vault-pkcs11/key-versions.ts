import { randomInt } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import { goodVersions } from '../vault-keys/master-key-life.ts';
import {
  encryptionKeyTemplate,
  macKeyTemplate,
  signingPrivateTemplate,
  signingPublicTemplate,
} from './attribute-templates.ts';
import { CKM, CKR } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { HsmDown } from './errors.ts';
import { countKeksOfVersion, type KeyListing, listKeys } from './key-listing.ts';
import { makeObjectId } from './object-id.ts';
import { pause } from './pause.ts';
import type { Sessions } from './slot-connection.ts';

const ATTEMPTS_MAX = 16;
const FIRST_VERSION_POLL_MS = 100;
const FIRST_VERSION_ATTEMPTS_MAX = 4;
const VISIBLE_AFTER_MS = 30;

/**
 * Creates the next version of all keys.
 * PKCS#11 has no uniqueness constraint. A server that created the key-encryption key of version n and then sees another
 * one of version n destroys its own and tries the next version. So each of several concurrent servers gets a version of
 * its own. Retries CKR_GENERAL_ERROR, which SoftHSM returns now and then while another process writes the objects being
 * read.
 * @returns the version
 * @throws HsmDown after `ATTEMPTS_MAX` attempts
 *
 * Why: docs/DECISIONS.md#the-key-pair-completes-a-key-version
 */
export function createVersion(sessions: Sessions, prefix: string): number {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      const version = tryNextVersion(sessions, prefix);
      if (version !== undefined) return version;
    } catch (error) {
      if (returnValueOf(error) !== CKR.generalError || attempt === ATTEMPTS_MAX) throw error;
    }
    pause(randomInt(5, 50));
  }
  throw new HsmDown('other servers are making key versions at this moment: try again');
}

/** @returns undefined when another server has taken the version; then, and on an error, its own keys are destroyed */
function tryNextVersion(sessions: Sessions, prefix: string): number | undefined {
  const { library, operationSession, reportProgress } = sessions;
  const listing = listKeys(sessions, prefix);
  const version = listing.versionMax + 1;
  const id = makeObjectId(Date.now());
  const name = (kind: string) => ({ label: `${prefix}/${kind}/${version}`, id });
  const isUnique = () => countKeksOfVersion(sessions, prefix, version) <= 1;
  const made: Handle[] = [];
  let complete = false;
  try {
    made.push(
      library.C_GenerateKey(
        operationSession,
        { mechanism: CKM.aesKeyGen },
        encryptionKeyTemplate(name('kek')),
      ),
    );
    if (!isUnique()) return undefined;
    for (const kind of ['bind', 'challenge', 'session']) {
      made.push(
        library.C_GenerateKey(
          operationSession,
          { mechanism: CKM.genericSecretKeyGen },
          macKeyTemplate(name(kind)),
        ),
      );
      reportProgress();
    }
    // Some HSMs show a new key to other processes only after a moment.
    pause(VISIBLE_AFTER_MS);
    // A server that waited in vain for this one may have completed the first version meanwhile.
    const isFirst = listing.masterKeys.length === 0;
    const isLate = isFirst && listKeys(sessions, prefix).masterKeys.length > 0;
    if (isLate || !isUnique()) return undefined;
    // Last, because a version without its key pair does not count.
    library.C_GenerateKeyPair(
      operationSession,
      { mechanism: CKM.ecKeyPairGen },
      signingPublicTemplate(name('sign')),
      signingPrivateTemplate(name('sign')),
    );
    complete = true;
    return version;
  } finally {
    if (!complete) for (const key of made) library.C_DestroyObject(operationSession, key);
  }
}

/**
 * Creates the first version, or waits while another server does so. Retries CKR_GENERAL_ERROR, which SoftHSM returns
 * now and then while another process writes the objects being read.
 */
export function createFirstVersion(sessions: Sessions, prefix: string): KeyListing {
  for (let attempt = 1; ; attempt++) {
    try {
      return createOrAwaitFirstVersion(sessions, prefix);
    } catch (error) {
      if (returnValueOf(error) !== CKR.generalError || attempt === FIRST_VERSION_ATTEMPTS_MAX) throw error;
      pause(FIRST_VERSION_POLL_MS);
    }
  }
}

/**
 * A server whose claim is not the only one waits for the other's: if it took the next version instead, both would create
 * the keys that others are derived from, and each server would derive from its own.
 */
function createOrAwaitFirstVersion(sessions: Sessions, prefix: string): KeyListing {
  const until = performance.now() + LIMITS.hsmFirstVersionTimeMs;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; ) {
    sessions.reportProgress();
    const listing = listKeys(sessions, prefix);
    if (listing.versions.length > 0) return listing;
    // No claim, or one that a crash left behind.
    if (listing.versionMax === 0 || performance.now() > until) {
      if (tryNextVersion(sessions, prefix) !== undefined) return listKeys(sessions, prefix);
      attempt++;
    }
    pause(randomInt(5, FIRST_VERSION_POLL_MS));
  }
  throw new HsmDown('other servers are making the first keys at this moment: try again');
}

/** Destroys the keys that unwrap and sign for versions below this one, incomplete versions included. Their signatures still verify. */
export function destroyVersionsBelow(sessions: Sessions, listing: KeyListing, version: number): void {
  for (const object of listing.ownObjects) {
    if (object.version >= version || !['kek', 'bind', 'sign'].includes(object.kind)) continue;
    sessions.library.C_DestroyObject(sessions.operationSession, object.handle);
  }
}

/** Destroys the keys that others were derived from once nothing that is kept needs them. */
export function destroyOldMasterKeys(
  { library, operationSession }: Sessions,
  { masterKeys }: KeyListing,
): void {
  const ascending = masterKeys.toReversed();
  const good = new Set(goodVersions(ascending, Date.now()));
  for (const version of ascending) {
    if (good.has(version)) continue;
    for (const handle of [version.challenge, version.session])
      library.C_DestroyObject(operationSession, handle);
  }
}
