import type { DatabaseSync } from 'node:sqlite';

/** The moments of an append and of the write-behind at which a test stops the process or takes the disk away. */
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

/** Called at each step with the connection that is at work. For tests: production passes none. */
export type OnStep = (step: Step, database: DatabaseSync) => void;
