import { type PublicJwk, publicJwk } from '../vault-keys/public-jwk.ts';
import { CKA, CKO } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { pause } from './pause.ts';
import type { Sessions } from './slot-connection.ts';

export type SecretKind = 'kek' | 'bind' | 'challenge' | 'session';

/** One version of the vault's keys: what was made together, under one CKA_ID. */
export interface KeyVersion {
  readonly version: number;
  readonly kek: Handle;
  /** Derives each owner's key, which binds what is wrapped to its owner. */
  readonly bind: Handle;
}

export interface SigningKeyObject {
  readonly version: number;
  readonly jwk: PublicJwk;
  /** Gone once the version was destroyed. */
  readonly privateKey: Handle | undefined;
}

/** The keys that a slot holds, as of one listing. Each list is newest first. */
export interface KeyListing {
  readonly versions: readonly KeyVersion[];
  readonly signingKeys: readonly SigningKeyObject[];
  readonly masterKeys: { readonly challenge: Handle; readonly session: Handle } | undefined;
  /** The highest version that anyone has begun to make. */
  readonly versionMax: number;
  /** Every secret and private object of this installation, whether its version is complete or not. */
  readonly ownObjects: readonly NamedObject[];
}

export interface NamedObject {
  readonly handle: Handle;
  readonly kind: string;
  readonly version: number;
  /** CKA_ID, in hex. */
  readonly id: string;
}

const FIND_COUNT = 256;
const LISTINGS_MAX = 5;
const LISTING_PAUSE_MS = 10;
/** Public keys never change: their points are read once. */
const knownPoints = new Map<string, PublicJwk>();

/**
 * Lists what is there. A version counts when its key pair is, which is made last: one that another server is still
 * making, or that a crash left unfinished, does not.
 */
export function listKeys(sessions: Sessions, prefix: string): KeyListing {
  return settled(() => listOnce(sessions, prefix));
}

/** How many keys claim to be the key-encryption key of this version. */
export function countKeksOfVersion(sessions: Sessions, prefix: string, version: number): number {
  const claims = settled(() => named(sessions, prefix, CKO.secretKey));
  return claims.filter((object) => object.kind === 'kek' && object.version === version).length;
}

/** A listing that no other server came between. */
function settled<T>(list: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return list();
    } catch (error) {
      // Another server may just have destroyed what was found, or be writing it.
      if (returnValueOf(error) === undefined || attempt === LISTINGS_MAX) throw error;
      pause(LISTING_PAUSE_MS * attempt);
    }
  }
}

function listOnce(sessions: Sessions, prefix: string): KeyListing {
  // What is made last is listed first: all of a version that is found here was there before.
  const publics = named(sessions, prefix, CKO.publicKey)
    .filter(({ kind }) => kind === 'sign')
    .flatMap((object) => {
      const jwk = jwkOf(sessions, object);
      return jwk ? [{ ...object, jwk }] : [];
    })
    .sort((a, b) => b.version - a.version);
  const privates = named(sessions, prefix, CKO.privateKey).filter(({ kind }) => kind === 'sign');
  const secrets = named(sessions, prefix, CKO.secretKey);
  const secret = (kind: SecretKind, id: string) =>
    secrets.find((object) => object.kind === kind && object.id === id)?.handle;

  const versions: KeyVersion[] = [];
  for (const { version, id } of publics) {
    const kek = secret('kek', id);
    const bind = secret('bind', id);
    if (kek && bind) versions.push({ version, kek, bind });
  }
  // Of the oldest that has them: were two servers to found one vault at once, both come to the same.
  const masterKeys = publics
    .map(({ id }) => ({ challenge: secret('challenge', id), session: secret('session', id) }))
    .findLast((keys): keys is { challenge: Handle; session: Handle } => !!keys.challenge && !!keys.session);
  return {
    versions,
    signingKeys: publics.map((object) => ({
      version: object.version,
      jwk: object.jwk,
      privateKey: privates.find(({ id }) => id === object.id)?.handle,
    })),
    masterKeys,
    versionMax: Math.max(0, ...[...secrets, ...publics].map(({ version }) => version)),
    ownObjects: [...secrets, ...privates],
  };
}

/** The objects of one class whose label is `prefix/kind/version`. Private ones alone: others anybody may have made. */
function named(
  { library, operationSession, reportProgress }: Sessions,
  prefix: string,
  objectClass: number,
): NamedObject[] {
  const handles: Handle[] = [];
  library.C_FindObjectsInit(operationSession, [
    { type: CKA.class, value: objectClass },
    { type: CKA.token, value: true },
    { type: CKA.private, value: true },
  ]);
  try {
    for (;;) {
      const found = library.C_FindObjects(operationSession, FIND_COUNT);
      handles.push(...found);
      if (found.length < FIND_COUNT) break;
    }
  } finally {
    library.C_FindObjectsFinal(operationSession);
  }
  const pattern = new RegExp(`^${prefix}/([a-z]+)/([1-9][0-9]{0,8})$`);
  return handles.flatMap((handle) => {
    const [label, id] = library.C_GetAttributeValue(operationSession, handle, [
      { type: CKA.label },
      { type: CKA.id },
    ]);
    const parts = pattern.exec(label?.value.toString() ?? '');
    reportProgress();
    if (!parts) return [];
    const [, kind = '', version] = parts;
    return [{ handle, kind, version: Number(version), id: id?.value.toString('hex') ?? '' }];
  });
}

/** @returns `undefined` where it has no point of P-256: another server is making it at this moment */
function jwkOf({ library, operationSession }: Sessions, { handle, id }: NamedObject): PublicJwk | undefined {
  const known = knownPoints.get(id);
  if (known) return known;
  const [point] = library.C_GetAttributeValue(operationSession, handle, [{ type: CKA.ecPoint }]);
  // An uncompressed point (04 ‖ x ‖ y), which the standard wants in a DER octet string and some HSMs give as it is.
  const bytes = point?.value.subarray(-65);
  if (bytes?.length !== 65 || bytes[0] !== 4) return undefined;
  const jwk = publicJwk(
    bytes.subarray(1, 33).toString('base64url'),
    bytes.subarray(33).toString('base64url'),
  );
  knownPoints.set(id, jwk);
  return jwk;
}
