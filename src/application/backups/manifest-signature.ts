import { VaultUnavailable } from '../../domain/errors.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import { type KeySet, verifyByKeySet } from '../keys/es256.ts';

/*
 * The signature of a backup's manifest: a JWS with detached payload (RFC 7515 appendix F), ES256, over the manifest's
 * bytes. `typ` keeps it apart from receipts and access tokens, which the same keys sign.
 */

const ALGORITHM = 'ES256';
const TYPE = 'sello-backup+jws';
const SIGNATURE_BYTES = 64;
const LENGTH_MAX = 1_024;

/**
 * Signs a manifest by the vault's active key.
 * @param keyId the key that was active when the vault was copied: a copy does not have a later one
 * @throws VaultUnavailable
 */
export async function signManifest(vault: KeyVault, manifest: string, keyId: string): Promise<string> {
  const header = encode(JSON.stringify({ alg: ALGORITHM, kid: keyId, typ: TYPE }));
  const [signed] = await vault.sign([Buffer.from(`${header}.${encode(manifest)}`)]);
  if (signed?.keyId !== keyId) {
    throw new VaultUnavailable('the keys were rotated while the backup was made: make it again');
  }
  return `${header}..${Buffer.from(signed.signature).toString('base64url')}`;
}

/**
 * Verifies a manifest's signature offline. Does NOT check that the key set is the vault's.
 * @returns undefined when it fits, else what is wrong
 */
export function manifestFault(manifest: string, jws: string, keySet: KeySet): string | undefined {
  const [header = '', payload, signature = '', more] = jws.trim().slice(0, LENGTH_MAX).split('.');
  const bytes = Buffer.from(signature, 'base64url');
  if (payload !== '' || more !== undefined || bytes.length !== SIGNATURE_BYTES) return 'it is no signature';
  let said: { alg?: unknown; kid?: unknown; typ?: unknown; crit?: unknown };
  try {
    said = JSON.parse(Buffer.from(header, 'base64url').toString());
  } catch {
    return 'it is no signature';
  }
  const { alg, kid, typ, crit } = said ?? {};
  if (alg !== ALGORITHM || typ !== TYPE || typeof kid !== 'string' || crit !== undefined) {
    return 'it is no signature of a backup';
  }
  switch (verifyByKeySet(keySet, kid, `${header}.${encode(manifest)}`, bytes)) {
    case 'fits':
      return undefined;
    case 'no_key':
      return `the given keys have none that is named ${kid}`;
    case 'differs':
      return 'the manifest is not what was signed';
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
