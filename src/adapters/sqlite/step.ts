import type { DatabaseSync } from 'node:sqlite';

/** The steps of an append and of a sweep at which a test stops the process or makes the disk fail. */
export type Step =
  | 'append.begin'
  | 'append.begun'
  | 'append.row_written'
  | 'append.entries_written'
  | 'append.heads_written'
  | 'append.committed'
  | 'sweep.begun'
  | 'sweep.block_written'
  | 'sweep.watermark_written'
  | 'sweep.written'
  | 'sweep.committed';

/** Called at each step with the connection in use. For tests; production passes none. */
export type OnStep = (step: Step, database: DatabaseSync) => void;
