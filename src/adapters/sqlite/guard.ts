/**
 * Decides whether an entry may be the user's next one. One process owns the file and appends are not interleaved, so
 * comparing with the head in memory is as strict as a unique key on `(user_id, version)`, without its B-tree.
 */
export interface Guard {
  /** @param head the version of the user's latest entry; 0 without one */
  admits(head: number, version: number): boolean;
}

/** Admits only the version after the head. A decision on any other entry was made too late or too early. */
export const denseVersions: Guard = { admits: (head, version) => version === head + 1 };
