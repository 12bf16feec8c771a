import { type PublicJwk, publicJwk } from '../vault-keys/public-jwk.ts';
import { CKA, CKO } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { timeOfId } from './object-id.ts';
import { pause } from './pause.ts';
import type { Sessions } from './slot-connection.ts';

export type SecretKind = 'kek' | 'bind' | 'challenge' | 'session';

/** One version of the vault's keys: objects created together, with one CKA_ID. */
export interface KeyVersion {
  readonly version: number;
  readonly kek: Handle;
  /** Derives each owner's key, which binds wrapped keys to their owner. */
  readonly bind: Handle;
}

export interface SigningKeyObject {
  readonly version: number;
  /** ms since 1970; 0 where the object's id does not tell. */
  readonly createdAt: number;
  readonly jwk: PublicJwk;
  /** `undefined` after the version was destroyed. */
  readonly privateKey: Handle | undefined;
}

export interface MasterKeyObjects {
  readonly version: number;
  /** ms since 1970; 0 where the objects' id does not tell. */
  readonly createdAt: number;
  readonly challenge: Handle;
  readonly session: Handle;
}

/** The key of the log: an Ed25519 key pair, or in an HSM without EdDSA a secret that the pair is derived from. */
export type LogKeyObject =
  | { readonly publicKey: Handle; readonly privateKey: Handle; readonly secret?: undefined }
  | { readonly secret: Handle };

/** This installation's keys in a slot at the time of one listing. Each list is newest first. */
export interface KeyListing {
  readonly versions: readonly KeyVersion[];
  readonly signingKeys: readonly SigningKeyObject[];
  /** The keys that others are derived from. */
  readonly masterKeys: readonly MasterKeyObjects[];
  /** One, once the log is used. Several while servers that make it at once have not agreed yet. */
  readonly logKeys: readonly LogKeyObject[];
  /** The highest version, complete or not. */
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
/** Public keys by CKA_ID. They never change, so each EC point is read once. */
const knownPoints = new Map<string, PublicJwk>();

/**
 * Lists the keys of this installation. A version counts once its key pair exists, which is created last. So a version
 * that another server is still creating, or that a crash left incomplete, does not count.
 */
export function listKeys(sessions: Sessions, prefix: string): KeyListing {
  return retryInterrupted(() => listOnce(sessions, prefix));
}

/** Counts the key-encryption keys of this version. More than one: several servers create the version at once. */
export function countKeksOfVersion(sessions: Sessions, prefix: string, version: number): number {
  const claims = retryInterrupted(() => findNamed(sessions, prefix, CKO.secretKey));
  return claims.filter((object) => object.kind === 'kek' && object.version === version).length;
}

/** Retries a listing that another server's change interrupted. */
function retryInterrupted<T>(list: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return list();
    } catch (error) {
      // Another server may have destroyed an object since it was found, or may be writing it.
      if (returnValueOf(error) === undefined || attempt === LISTINGS_MAX) throw error;
      pause(LISTING_PAUSE_MS * attempt);
    }
  }
}

function listOnce(sessions: Sessions, prefix: string): KeyListing {
  // Key pairs are created last and listed first, so the other keys of each version found here already exist.
  const allPublics = findNamed(sessions, prefix, CKO.publicKey);
  const publics = allPublics
    .filter(({ kind }) => kind === 'sign')
    .flatMap((object) => {
      const jwk = jwkOf(sessions, object);
      return jwk ? [{ ...object, jwk }] : [];
    })
    .sort((a, b) => b.version - a.version);
  const allPrivates = findNamed(sessions, prefix, CKO.privateKey);
  const privates = allPrivates.filter(({ kind }) => kind === 'sign');
  const secrets = findNamed(sessions, prefix, CKO.secretKey);
  const secret = (kind: SecretKind, id: string) =>
    secrets.find((object) => object.kind === kind && object.id === id)?.handle;

  const versions: KeyVersion[] = [];
  for (const { version, id } of publics) {
    const kek = secret('kek', id);
    const bind = secret('bind', id);
    if (kek && bind) versions.push({ version, kek, bind });
  }
  const masterKeys = publics.flatMap(({ version, id }) => {
    const challenge = secret('challenge', id);
    const session = secret('session', id);
    return challenge && session ? [{ version, createdAt: timeOfId(id), challenge, session }] : [];
  });
  const logKeys: LogKeyObject[] = secrets
    .filter(({ kind }) => kind === 'log')
    .map(({ handle }) => ({ secret: handle }));
  for (const { kind, id, handle: publicKey } of allPublics) {
    const privateKey = allPrivates.find((object) => object.kind === 'log' && object.id === id)?.handle;
    if (kind === 'log' && privateKey) logKeys.push({ publicKey, privateKey });
  }
  return {
    versions,
    logKeys,
    signingKeys: publics.map((object) => ({
      version: object.version,
      createdAt: timeOfId(object.id),
      jwk: object.jwk,
      privateKey: privates.find(({ id }) => id === object.id)?.handle,
    })),
    masterKeys,
    versionMax: Math.max(0, ...[...secrets, ...publics].map(({ version }) => version)),
    ownObjects: [...secrets, ...privates],
  };
}

/** Finds the token objects of one class with a label `prefix/kind/version`. Private objects only: anybody may create the others. */
function findNamed(
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

/** Reads a public key. @returns `undefined` when it has no P-256 point: another server is creating it at this moment */
function jwkOf({ library, operationSession }: Sessions, { handle, id }: NamedObject): PublicJwk | undefined {
  const known = knownPoints.get(id);
  if (known) return known;
  const [point] = library.C_GetAttributeValue(operationSession, handle, [{ type: CKA.ecPoint }]);
  // CKA_EC_POINT is an uncompressed point (04 ‖ x ‖ y) in a DER octet string; some HSMs return the bare point.
  const bytes = point?.value.subarray(-65);
  if (bytes?.length !== 65 || bytes[0] !== 4) return undefined;
  const jwk = publicJwk(
    bytes.subarray(1, 33).toString('base64url'),
    bytes.subarray(33).toString('base64url'),
  );
  knownPoints.set(id, jwk);
  return jwk;
}
