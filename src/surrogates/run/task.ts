import type { DataKey } from '../../domain/surrogates/data-key.ts';
import type { RecordError } from '../scan/record-error.ts';
import type { FileFormat } from './formats.ts';

/** What a worker needs for all its tasks. */
export interface WorkerSetup {
  readonly rules: string;
  readonly dataKey: DataKey;
  readonly reverse: boolean;
  readonly onError: 'stop' | 'skip';
}

/** A part of an input: lines of a range, whose output the worker keeps until it is told its place; or a whole file. */
export interface Task extends FileFormat {
  readonly id: number;
  readonly path: string;
  readonly name: string;
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** The file descriptor of the output. */
  readonly output: number;
}

/** A record that was left out, or the failure of a file. */
export interface TaskError {
  readonly error: RecordError | string;
  /** Of its first byte in the file, decompressed. */
  readonly offset: number;
}

export interface TaskResult {
  readonly id: number;
  /** Of output. */
  readonly bytes: number;
  readonly records: number;
  /** Records of which no rule keeps anything. */
  readonly dropped: number;
  readonly errors: readonly TaskError[];
  /** Beyond `TASK_ERRORS_MAX`. */
  readonly errorsMore: number;
  /** The file cannot be used. */
  readonly failed: TaskError | undefined;
}

export type ToWorker = { readonly task: Task } | { readonly write: number; readonly position: number };
export type FromWorker =
  | { readonly result: TaskResult }
  | { readonly written: number }
  /** Bytes of a long file that have been read since the last message. */
  | { readonly read: number }
  | { readonly broken: { readonly code: string; readonly message: string } };

/** Errors of one task that are told one by one. */
export const TASK_ERRORS_MAX = 10_000;
