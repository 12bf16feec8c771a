import { hkdfSync } from 'node:crypto';
import { isSurrogateName } from './names.ts';

/** The seed of one version of a dataset. Whoever holds it can make and reverse every surrogate of that version. */
export interface DataKey {
  readonly dataset: string;
  /** 1 to `VERSION_MAX`. */
  readonly version: number;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/** Surrogates carry their version in nine bits. */
export const VERSION_MAX = 511;

const SEED_BYTES = 32;

/**
 * Derives the key of one algorithm in one domain by HKDF-SHA256 (RFC 5869) without salt, with the info
 * `v1|dataset|domain|algorithm`. The version is not part of it: each version has a seed of its own.
 * @throws on a name, version or seed of another form
 */
export function domainKey(dataKey: DataKey, domain: string, algorithm: string, bytes: number): Uint8Array {
  const { dataset, version, seed } = dataKey;
  if (!isSurrogateName(dataset) || !isSurrogateName(domain))
    throw new Error('invalid dataset or domain name');
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX)
    throw new Error('invalid version of a dataset');
  if (seed.length !== SEED_BYTES) throw new Error(`a data key has ${SEED_BYTES} bytes`);
  return new Uint8Array(hkdfSync('sha256', seed, '', `v1|${dataset}|${domain}|${algorithm}`, bytes));
}
