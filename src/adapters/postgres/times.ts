import { LIMITS } from '../../limits.ts';

/** How long the store waits, in ms. Tests shorten these times. */
export interface StoreTimes {
  /** For a server that takes writes, since the last one was lost. */
  readonly waitMs: number;
  /** For one call, including its retries. */
  readonly answerMs: number;
  /** For a connection to be opened. */
  readonly connectMs: number;
  /** For the answer to one statement; then the connection is discarded. */
  readonly queryMs: number;
  /** For one statement; then the server cancels it. */
  readonly statementMs: number;
}

export const STORE_TIMES: StoreTimes = {
  waitMs: LIMITS.storeWaitTimeMs,
  answerMs: LIMITS.storeAnswerTimeMs,
  connectMs: LIMITS.storeConnectTimeMs,
  queryMs: LIMITS.storeQueryTimeMs,
  statementMs: LIMITS.storeStatementTimeMs,
};

/** For work that reads or changes whole tables. */
export const PATIENT: StoreTimes = {
  ...STORE_TIMES,
  connectMs: LIMITS.storeStartConnectTimeMs,
  queryMs: LIMITS.storeMigrationTimeMs,
  statementMs: 0,
};
