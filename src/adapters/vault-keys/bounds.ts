import { LIMITS } from '../../limits.ts';

/*
 * The checks that every key vault makes of its arguments. They throw RangeError: a violation is the caller's mistake.
 */

/** Of `KeyVault.generateKey`: the block of SHA-256, so that HMAC neither pads nor hashes it. */
export const GENERATED_KEY_BYTES = 64;

export function assertSeedLength(length: number): void {
  if (!Number.isInteger(length) || length < LIMITS.vaultSeedBytesMin || length > LIMITS.vaultKeyBytesMax) {
    throw new RangeError(
      `a seed has ${LIMITS.vaultSeedBytesMin} to ${LIMITS.vaultKeyBytesMax} bytes, not ${length}`,
    );
  }
}

export function assertKeyLength({ length }: Uint8Array): void {
  if (length === 0 || length > LIMITS.vaultKeyBytesMax) {
    throw new RangeError(`a wrapped key has 1 to ${LIMITS.vaultKeyBytesMax} bytes, not ${length}`);
  }
}

/** Refuses to destroy the active version: only versions below it may be named. */
export function assertBelowActive(version: number, active: number): void {
  if (!Number.isInteger(version) || version > active) {
    throw new RangeError(`key version ${active} is active: versions below ${version} cannot be destroyed`);
  }
}
