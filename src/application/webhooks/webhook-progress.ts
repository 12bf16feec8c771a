/** An event that is not delivered yet. */
export interface OutstandingState {
  readonly index: number;
  /** Attempts so far. */
  readonly attempts: number;
  /** Of the first attempt, ms since 1970; 0 before it. */
  readonly firstAt: number;
  /** When it is tried next, ms since 1970. */
  readonly nextAt: number;
}

/**
 * What the relay keeps of an endpoint, stored as JSON. Every wanted event below `taken` was delivered, given up, or is
 * outstanding. With the outstanding ones, of which there are few, that is all a relay needs to go on after a crash.
 *
 * Why: docs/DECISIONS.md#webhooks-keep-a-position-and-what-is-outstanding-below-it
 */
export interface EndpointProgress {
  /** The index of the next event to take. */
  readonly taken: number;
  readonly outstanding: readonly OutstandingState[];
  /** What a replay still has to take: from, and the index where it ends. */
  readonly replay: { readonly from: number; readonly until: number } | undefined;
  /** When the attempt failed that no success came after, ms since 1970; 0: none. */
  readonly failingSince: number;
  /** Of the last attempt in the delivery log. */
  readonly lastDelivery: number;
}

type Packed = [index: number, attempts: number, firstAt: number, nextAt: number];

export function encodeProgress({ outstanding, ...progress }: EndpointProgress): string {
  const packed: Packed[] = outstanding.map(({ index, attempts, firstAt, nextAt }) => [
    index,
    attempts,
    firstAt,
    nextAt,
  ]);
  return JSON.stringify({ ...progress, outstanding: packed });
}

/** Parses what `encodeProgress` made. */
export function decodeProgress(state: string): EndpointProgress {
  const { outstanding, replay, ...progress } = JSON.parse(state) as Omit<EndpointProgress, 'outstanding'> & {
    readonly outstanding: readonly Packed[];
  };
  return {
    ...progress,
    replay,
    outstanding: outstanding.map(([index, attempts, firstAt, nextAt]) => ({
      index,
      attempts,
      firstAt,
      nextAt,
    })),
  };
}

/** Of a new endpoint. @param taken the index of the first event that it gets */
export function startOfProgress(taken: number): string {
  return encodeProgress({ taken, outstanding: [], replay: undefined, failingSince: 0, lastDelivery: 0 });
}
