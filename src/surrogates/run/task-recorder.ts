import type { RecordError } from '../scan/record-error.ts';
import { FileFailed, type PumpEvents } from './pump.ts';
import { TASK_ERRORS_MAX, type TaskError, type TaskResult } from './task.ts';

/** Counts what becomes of a task's records. */
export class TaskRecorder implements PumpEvents {
  readonly #id: number;
  readonly #stops: boolean;
  readonly #errors: TaskError[] = [];
  #bytes = 0;
  #records = 0;
  #dropped = 0;
  #errorsMore = 0;
  #failed: TaskError | undefined;
  #take: (bytes: Uint8Array) => void = () => undefined;

  constructor(id: number, onError: 'stop' | 'skip') {
    this.#id = id;
    this.#stops = onError === 'stop';
  }

  readonly onRecord = (dropped: boolean): void => {
    this.#records++;
    if (dropped) this.#dropped++;
  };

  readonly onError = (error: RecordError, offset: number): void => {
    if (this.#errors.length < TASK_ERRORS_MAX) this.#errors.push({ error, offset });
    else this.#errorsMore++;
    if (this.#stops) throw new FileFailed(error, offset);
  };

  set onOutput(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  get onOutput(): (bytes: Uint8Array) => void {
    return (bytes) => {
      this.#bytes += bytes.length;
      this.#take(bytes);
    };
  }

  fail({ code, offset }: FileFailed): void {
    this.#failed = { error: code, offset };
  }

  result(): TaskResult {
    return {
      id: this.#id,
      bytes: this.#bytes,
      records: this.#records,
      dropped: this.#dropped,
      errors: this.#errors,
      errorsMore: this.#errorsMore,
      failed: this.#failed,
    };
  }
}
