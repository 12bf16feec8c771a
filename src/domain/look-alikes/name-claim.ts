import { skeleton } from './skeleton.ts';

/**
 * The version of what `nameClaim` returns, stored beside each name whose skeleton is claimed. It rises, with a migration
 * of both stores, when the table of confusable characters or the rule changes; upkeep then claims all names again.
 */
export const NAME_CLAIM_VERSION = 1;

const ASCII = /^[\0-\x7f]*$/;

/** What a user's name claims, so that no other name that looks like it is given out. */
export interface NameClaim {
  readonly skeleton: string;
  /** Who may share the claim: all names of ASCII alone, or else this one name. */
  readonly holder: string;
}

/**
 * Returns the claim of a name. Names of ASCII alone share their claims (`user1` and `userl` are two names); a name with
 * any other character shares its claim with none.
 *
 * Why: docs/DECISIONS.md#names-that-look-alike-are-one
 */
export function nameClaim(name: string): NameClaim {
  return { skeleton: skeleton(name), holder: ASCII.test(name) ? '' : name };
}

/** Whether a name claims what another one has. */
export function claimsCollide(name: string, other: string): boolean {
  const [one, two] = [nameClaim(name), nameClaim(other)];
  return one.skeleton === two.skeleton && one.holder !== two.holder;
}
