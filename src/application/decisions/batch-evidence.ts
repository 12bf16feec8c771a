import type { MacRequest } from '../../ports/key-vault.ts';
import {
  type Evidence,
  firstRequests,
  furtherRequests,
  type Macs,
  NO_EVIDENCE,
  NO_MACS,
} from './evidence.ts';

/** Computes MACs, or returns why it could not. */
export type ComputeMacs = (requests: readonly MacRequest[]) => Promise<Macs | Error>;

type Requests = readonly MacRequest[] | Error;

/**
 * Computes the MACs that the jobs of a batch need, in one call of the vault, and in a second call those of the jobs that
 * the likely MACs did not settle.
 * @param evidence of each job, or what it threw
 * @returns for each job its MACs, or the error that fails it alone
 */
export async function computeEvidence(
  evidence: readonly (Evidence | Error)[],
  compute: ComputeMacs,
): Promise<readonly (Macs | Error)[]> {
  const likely = await computeEach(
    evidence.map((asked) => (asked instanceof Error ? asked : firstRequests(asked))),
    compute,
  );
  const others = evidence.map((asked, index) => requestsAfter(asked, likely[index] ?? NO_MACS));
  if (others.every((requests) => requests === NO_EVIDENCE)) return likely;
  const further = await computeEach(others, compute);
  return likely.map((macs, index) => joined(macs, further[index] ?? NO_MACS));
}

function requestsAfter(asked: Evidence | Error, likely: Macs | Error): Requests {
  if (asked instanceof Error || likely instanceof Error) return NO_EVIDENCE;
  try {
    return furtherRequests(asked, likely);
  } catch (error) {
    return asError(error);
  }
}

function joined(likely: Macs | Error, further: Macs | Error): Macs | Error {
  if (likely instanceof Error || further === NO_MACS) return likely;
  return further instanceof Error ? further : [...likely, ...further];
}

/** Computes the MACs of all lists in one call. @returns for each list its MACs, or the error in its place */
async function computeEach(
  lists: readonly Requests[],
  compute: ComputeMacs,
): Promise<readonly (Macs | Error)[]> {
  const requests: MacRequest[] = [];
  for (const list of lists) if (!(list instanceof Error)) for (const request of list) requests.push(request);
  const macs = requests.length === 0 ? NO_MACS : await compute(requests);
  let from = 0;
  return lists.map((list) => {
    if (list instanceof Error) return list;
    if (list.length === 0) return NO_MACS;
    if (macs instanceof Error) return macs;
    const to = from + list.length;
    const own = macs.slice(from, to);
    from = to;
    return own;
  });
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
