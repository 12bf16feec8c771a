import { LIMITS } from '../../limits.ts';

/** How long the store waits for what; tests shorten them. */
export interface StoreTimes {
  /** For a server that takes writes, from when the last one was lost. */
  readonly waitMs: number;
  /** For one call, however often it is tried. */
  readonly answerMs: number;
  /** For the answer to one statement, before the connection is given up. */
  readonly queryMs: number;
  /** For one statement, before the server gives it up. */
  readonly statementMs: number;
}

export const STORE_TIMES: StoreTimes = {
  waitMs: LIMITS.storeWaitTimeMs,
  answerMs: LIMITS.storeAnswerTimeMs,
  queryMs: LIMITS.storeQueryTimeMs,
  statementMs: LIMITS.storeStatementTimeMs,
};

/** For whoever reads or changes whole tables. */
export const PATIENT: StoreTimes = {
  ...STORE_TIMES,
  queryMs: LIMITS.storeMigrationTimeMs,
  statementMs: 0,
};
