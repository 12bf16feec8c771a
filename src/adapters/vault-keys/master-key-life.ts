import { LIMITS } from '../../limits.ts';

/**
 * Drops the versions of a key that others are derived from whose successor is older than `masterKeyLifeMs`: nothing that is
 * kept needs them. A successor of unknown age (0) keeps the one before it.
 * @param versions ascending
 *
 * Why: docs/DECISIONS.md#keys-that-others-are-derived-from-overlap
 */
export function goodVersions<Version extends { readonly createdAt: number }>(
  versions: readonly Version[],
  at: number,
): readonly Version[] {
  return versions.filter((_, index) => {
    const next = versions[index + 1];
    return next === undefined || next.createdAt === 0 || next.createdAt + LIMITS.masterKeyLifeMs > at;
  });
}
