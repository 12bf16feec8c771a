/**
 * Says whether a decision may be the user's next entry. One process owns the file and appends are not interleaved,
 * so comparing with the head in memory is as strict as a unique key on `(user_id, version)`, without its B-tree.
 */
export interface Guard {
  /** @param head the version of the user's latest entry, 0 without one */
  admits(head: number, version: number): boolean;
}

/** Versions are dense: a decision on anything but the latest entry was made too late, or too early. */
export const denseVersions: Guard = { admits: (head, version) => version === head + 1 };
