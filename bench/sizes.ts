/** The sizes and durations of a run. */
export interface Sizes {
  readonly users: number;
  readonly tokens: number;
  /** Entries in the journal when its growth is measured. */
  readonly entries: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly limitMs: number;
  readonly logInMs: number;
  /** How often the short and the long journal are measured alternately, and for how long each time. */
  readonly turns: number;
  readonly turnMs: number;
  readonly startUps: number;
  /** Requests of each kind, at each number of connections. */
  readonly rest: { readonly users: number; readonly requests: number };
  /** Backends: servers on each alternately, and each backend by itself. */
  readonly parts: PartSizes;
  /** The whole run gives up after this. */
  readonly timeMs: number;
}

export interface PartSizes {
  readonly users: number;
  readonly turns: number;
  /** Warm-up of each server before the first turn. */
  readonly warmUpMs: number;
  /** Warm-up of each turn. */
  readonly pauseMs: number;
  readonly turnMs: number;
  /** How long the log is sealed at full speed. */
  readonly sealingMs: number;
  /** How often a backend and its limit are measured alternately, and for how long each time. */
  readonly ownTurns: number;
  readonly ownMs: number;
  /** The backends together give up after this. */
  readonly timeMs: number;
}

/** Below five minutes on a machine with nothing else to do. */
export const STANDARD: Sizes = {
  users: 100_000,
  tokens: 64,
  entries: 500_000,
  warmUpMs: 1_500,
  measureMs: 4_000,
  limitMs: 1_500,
  logInMs: 2_000,
  turns: 3,
  turnMs: 2_000,
  startUps: 3,
  rest: { users: 512, requests: 12_000 },
  parts: {
    ...{ users: 2_000, turns: 3, warmUpMs: 1_500, pauseMs: 300, turnMs: 1_000, sealingMs: 15_000 },
    ...{ ownTurns: 3, ownMs: 400, timeMs: 150_000 },
  },
  timeMs: 600_000,
};

/** Long journals and long turns, for figures that are kept. */
export const FULL: Sizes = {
  users: 100_000,
  tokens: 64,
  entries: 5_000_000,
  warmUpMs: 2_000,
  measureMs: 8_000,
  limitMs: 3_000,
  logInMs: 4_000,
  turns: 3,
  turnMs: 4_000,
  startUps: 3,
  rest: { users: 512, requests: 16_000 },
  parts: {
    ...{ users: 2_000, turns: 5, warmUpMs: 2_000, pauseMs: 500, turnMs: 1_500, sealingMs: 60_000 },
    ...{ ownTurns: 5, ownMs: 700, timeMs: 240_000 },
  },
  timeMs: 1_200_000,
};

/** For a rough figure: results vary by a third. */
export const QUICK: Sizes = {
  users: 2_000,
  tokens: 64,
  entries: 50_000,
  warmUpMs: 500,
  measureMs: 1_500,
  limitMs: 500,
  logInMs: 1_000,
  turns: 2,
  turnMs: 1_000,
  startUps: 1,
  rest: { users: 128, requests: 2_000 },
  parts: {
    ...{ users: 512, turns: 3, warmUpMs: 500, pauseMs: 200, turnMs: 500, sealingMs: 10_000 },
    ...{ ownTurns: 3, ownMs: 200, timeMs: 90_000 },
  },
  timeMs: 150_000,
};

/** The least that runs every stage. Its figures mean nothing; its times bound a hang on the busiest machine. */
export const TINY: Sizes = {
  users: 100,
  tokens: 64,
  entries: 2_000,
  warmUpMs: 20,
  measureMs: 100,
  limitMs: 30,
  logInMs: 100,
  turns: 1,
  turnMs: 100,
  startUps: 1,
  rest: { users: 64, requests: 64 },
  parts: {
    ...{ users: 64, turns: 1, warmUpMs: 1, pauseMs: 1, turnMs: 50, sealingMs: 50 },
    ...{ ownTurns: 1, ownMs: 1, timeMs: 400_000 },
  },
  timeMs: 500_000,
};

/**
 * The flags of the start script; docs/performance.md has their effect.
 *
 * Why: docs/DECISIONS.md#the-heap-has-room-for-the-requests-under-way
 */
export const SERVER_NODE_OPTIONS = [
  '--max-semi-space-size=16',
  '--initial-old-space-size=160',
  '--no-allocation-site-pretenuring',
] as const;

export const CONNECTIONS = 64;
/** Transactions in flight on a pipelined connection. */
export const WINDOW = 16;
export const CONNECTIONS_UNPIPELINED = 16;
export const REST_CONNECTIONS = [1, 16, 64] as const;
/** The length of a transaction by MAC, for the echo server. */
export const LINE_BYTES = 224;
/** An entry's bytes on disk, with its share of the write-ahead log and of the table of heads. */
export const BYTES_PER_ENTRY = 600;
