/** How much the benchmark does. */
export interface Sizes {
  readonly users: number;
  readonly tokens: number;
  /** In the journal when its growth is measured. */
  readonly entries: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly limitMs: number;
  readonly logInMs: number;
  /** How often short and long journal are measured by turns, and for how long each time. */
  readonly turns: number;
  readonly turnMs: number;
  readonly startUps: number;
  /** Of each kind, at each number of connections. */
  readonly rest: { readonly users: number; readonly requests: number };
  /** The whole run gives up after this. */
  readonly timeMs: number;
}

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
  timeMs: 360_000,
};

/** To see that it runs, and roughly how fast: the figures vary by a third. */
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
  timeMs: 50_000,
};

/** The least that runs every part: its figures say nothing. */
export const TINY: Sizes = {
  users: 100,
  tokens: 64,
  entries: 2_000,
  warmUpMs: 100,
  measureMs: 300,
  limitMs: 100,
  logInMs: 300,
  turns: 1,
  turnMs: 200,
  startUps: 1,
  rest: { users: 16, requests: 64 },
  timeMs: 85_000,
};

/** As the start script has them: measured in docs/performance.md. */
export const SERVER_NODE_OPTIONS = ['--max-semi-space-size=8', '--heap-growing-percent=20'] as const;

export const CONNECTIONS = 64;
/** Transactions that a pipelined connection has under way. */
export const WINDOW = 16;
export const CONNECTIONS_UNPIPELINED = 16;
export const REST_CONNECTIONS = [1, 16, 64] as const;
/** A message of a transaction by MAC, to be echoed. */
export const LINE_BYTES = 224;
/** On disk, an entry of the journal with its share of the write-ahead log and the file's heads. */
export const BYTES_PER_ENTRY = 600;
