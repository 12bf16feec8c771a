import { randomBytes, randomInt } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import {
  encryptionKeyTemplate,
  macKeyTemplate,
  signingPrivateTemplate,
  signingPublicTemplate,
} from './attribute-templates.ts';
import { CKM, CKR } from './constants.ts';
import { returnValueOf } from './cryptoki.ts';
import { HsmDown } from './errors.ts';
import { countKeksOfVersion, type KeyListing, listKeys } from './key-listing.ts';
import { pause } from './pause.ts';
import type { Sessions } from './slot-connection.ts';

const CLAIMS_MAX = 16;
const FOUNDING_POLL_MS = 100;
const FOUNDING_ATTEMPTS_MAX = 4;
const CLAIM_SEEN_MS = 30;

/**
 * Makes the next version of all keys; with the first one, the keys that others are derived from.
 * PKCS#11 knows no uniqueness: whoever, after making the key of version n, sees another one of n, takes their own back
 * and tries n+1. So of several servers that do this at once each gets a version of its own.
 * @returns its number
 */
export function createVersion(sessions: Sessions, prefix: string): number {
  const { library, operationSession, reportProgress } = sessions;
  for (let claims = 0; claims < CLAIMS_MAX; claims++) {
    const ring = listKeys(sessions, prefix);
    const version = ring.versionMax + 1;
    const id = randomBytes(16);
    const name = (kind: string) => ({ label: `${prefix}/${kind}/${version}`, id });
    const made = [
      library.C_GenerateKey(
        operationSession,
        { mechanism: CKM.aesKeyGen },
        encryptionKeyTemplate(name('kek')),
      ),
    ];
    const isOurs = () => countKeksOfVersion(sessions, prefix, version) <= 1;
    if (isOurs()) {
      const kinds = ring.masterKeys ? ['bind'] : ['bind', 'challenge', 'session'];
      for (const kind of kinds) {
        made.push(
          library.C_GenerateKey(
            operationSession,
            { mechanism: CKM.genericSecretKeyGen },
            macKeyTemplate(name(kind)),
          ),
        );
        reportProgress();
      }
      // Some HSMs show a key to other processes only a moment after it was made.
      pause(CLAIM_SEEN_MS);
      if (isOurs()) {
        // The last step: a version without its key pair does not count.
        library.C_GenerateKeyPair(
          operationSession,
          { mechanism: CKM.ecKeyPairGen },
          signingPublicTemplate(name('sign')),
          signingPrivateTemplate(name('sign')),
        );
        return version;
      }
    }
    for (const key of made) library.C_DestroyObject(operationSession, key);
    pause(randomInt(5, 50));
  }
  throw new HsmDown('other servers are making key versions at this moment: try again');
}

/**
 * Makes the first version, or waits for another server that is doing so. SoftHSM fails with CKR_GENERAL_ERROR now and
 * then while another process writes the objects that it reads: then it is tried again.
 */
export function createFirstVersion(sessions: Sessions, prefix: string): KeyListing {
  for (let attempt = 1; ; attempt++) {
    try {
      return foundOnce(sessions, prefix);
    } catch (error) {
      if (returnValueOf(error) !== CKR.generalError || attempt === FOUNDING_ATTEMPTS_MAX) throw error;
      pause(FOUNDING_POLL_MS);
    }
  }
}

function foundOnce(sessions: Sessions, prefix: string): KeyListing {
  const until = performance.now() + LIMITS.hsmFoundingTimeMs;
  for (;;) {
    sessions.reportProgress();
    const ring = listKeys(sessions, prefix);
    if (ring.versions.length > 0) return ring;
    if (ring.versionMax === 0 || performance.now() > until) {
      createVersion(sessions, prefix);
      return listKeys(sessions, prefix);
    }
    pause(FOUNDING_POLL_MS);
  }
}

/** Destroys what unwraps and signs for versions below this one, unfinished ones too. What they have signed still verifies. */
export function destroyVersionsBelow(sessions: Sessions, ring: KeyListing, version: number): void {
  for (const object of ring.ownObjects) {
    if (object.version >= version || !['kek', 'bind', 'sign'].includes(object.kind)) continue;
    sessions.library.C_DestroyObject(sessions.operationSession, object.handle);
  }
}
