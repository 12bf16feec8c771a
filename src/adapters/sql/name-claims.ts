import { NAME_CLAIM_VERSION } from '../../domain/look-alikes/name-claim.ts';

/**
 * Claims a name's skeleton. Writes one row when it is free or has the same holder, none when another holds it. Of two
 * servers that claim it at once, the second waits for the first one's unit of work.
 * @param skeleton and `holder`: the marks of the two values
 */
export function claimStatement(skeleton: string, holder: string): string {
  return `INSERT INTO name_claims AS held (skeleton, holder) VALUES (${skeleton}, ${holder})
    ON CONFLICT (skeleton) DO UPDATE SET holder = excluded.holder WHERE held.holder = excluded.holder`;
}

/**
 * Releases the claim of a name that nobody shares. A claim of names of ASCII stays, since others may share it.
 *
 * Why: docs/DECISIONS.md#names-that-look-alike-are-one
 */
export function releaseStatement(skeleton: string, holder: string): string {
  return `DELETE FROM name_claims WHERE skeleton = ${skeleton} AND holder = ${holder} AND holder <> ''`;
}

/** Names that claim nothing yet. The index of the migration has this condition to the letter. */
export const UNCLAIMED = `claim_version < ${NAME_CLAIM_VERSION}`;
