import type { MacRequest } from '../../ports/key-vault.ts';

/** MACs in the order of their requests; `undefined`: the vault could not open the key. */
export type Macs = readonly (Uint8Array | undefined)[];

export const NO_MACS: Macs = Object.freeze([]);

/** The MACs that a decision needs: all of them, or the likely ones first. */
export type Evidence = readonly MacRequest[] | LikelyFirst;

export interface LikelyFirst {
  readonly likely: readonly MacRequest[];
  /** Lists the MACs that are needed as well, now that those of `likely` are known. In the decision they follow them. */
  readonly others: (likely: Macs) => readonly MacRequest[];
}

export const NO_EVIDENCE: readonly MacRequest[] = Object.freeze([]);

function isWhole(evidence: Evidence): evidence is readonly MacRequest[] {
  return Array.isArray(evidence);
}

/** Returns what a decision needs at the least. */
export function firstRequests(evidence: Evidence): readonly MacRequest[] {
  return isWhole(evidence) ? evidence : evidence.likely;
}

/** Returns what it needs as well. @param first the MACs of `firstRequests` */
export function furtherRequests(evidence: Evidence, first: Macs): readonly MacRequest[] {
  return isWhole(evidence) ? NO_EVIDENCE : evidence.others(first);
}

/** Returns everything that a decision may need, in one list. */
export function allRequests(evidence: Evidence): readonly MacRequest[] {
  return isWhole(evidence) ? evidence : [...evidence.likely, ...evidence.others(NO_MACS)];
}

/** Puts a request before others: its MAC becomes the first. */
export function requestBefore(request: MacRequest, evidence: Evidence): Evidence {
  if (isWhole(evidence)) return [request, ...evidence];
  return {
    likely: [request, ...evidence.likely],
    others: (likely) => evidence.others(likely.slice(1)),
  };
}
