import { type FileReport, FileWork } from './file-work.ts';
import { type Input, listInputs } from './inputs.ts';
import { errorsOf, manifestOf } from './manifest.ts';
import { ERRORS, MANIFEST } from './manifest-name.ts';
import { OutputFolder } from './output-folder.ts';
import type { RunOptions } from './run-options.ts';
import type { TaskError, TaskResult } from './task.ts';
import { WorkerPool } from './worker-pool.ts';

export interface RunResult {
  readonly files: number;
  /** Of input. */
  readonly bytes: number;
  /** Records that were written. */
  readonly records: number;
  /** Records of which no rule keeps anything. */
  readonly dropped: number;
  /** Records and files that were left out. */
  readonly errors: number;
  readonly manifest: string;
}

/** An error that ends a run under `stop`. Names a file and a place in it, never content. */
export class RunStopped extends Error {
  override name = 'RunStopped';
  readonly file: string;
  readonly code: string;
  readonly offset: number;

  constructor(file: string, { error, offset }: TaskError) {
    super(`${file}, byte ${offset}: ${error}`);
    this.file = file;
    this.code = error;
    this.offset = offset;
  }
}

/**
 * Makes surrogates of all identifiers in a file or folder, or turns them back, in worker threads. Output is complete when
 * its manifest exists: until then files have hidden names, and a run that fails removes what it has written.
 * @throws RunStopped, InputRefused, OutputRefused, or an error of the file system
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const inputs = await listInputs(options.input);
  const folder = OutputFolder.open(options.output);
  try {
    const reports = await new Run(inputs, folder, options).done;
    const errors = errorsOf(reports);
    if (errors !== '') await folder.write(ERRORS, errors);
    await folder.complete(manifestOf(reports, options, errors !== ''), namesOf(reports));
    return resultOf(reports, options);
  } catch (error) {
    folder.abandon();
    throw error;
  } finally {
    folder.close();
  }
}

function namesOf(reports: readonly FileReport[]): readonly string[] {
  return reports.filter(({ failed }) => !failed).map(({ input }) => input.name);
}

function resultOf(reports: readonly FileReport[], { output }: RunOptions): RunResult {
  const sum = (count: (report: FileReport) => number) =>
    reports.reduce((total, report) => total + count(report), 0);
  return {
    files: namesOf(reports).length,
    bytes: sum(({ input }) => input.bytes),
    records: sum(({ failed, records }) => (failed ? 0 : records)),
    dropped: sum(({ failed, dropped }) => (failed ? 0 : dropped)),
    errors: sum(({ failed, errors, errorsMore }) => errors.length + errorsMore + (failed ? 1 : 0)),
    manifest: `${output}/${MANIFEST}`,
  };
}

/** Hands out tasks, and puts the results together in the order of the input. */
class Run {
  readonly done: Promise<readonly FileReport[]>;
  readonly #folder: OutputFolder;
  readonly #options: RunOptions;
  readonly #works: readonly FileWork[];
  readonly #reports: (FileReport | undefined)[];
  readonly #tasks = new Map<number, { readonly work: FileWork; readonly index: number }>();
  readonly #pool: WorkerPool;
  readonly #bytesTotal: number;
  #bytes = 0;
  #tasksMade = 0;
  #finished = 0;
  #resolve: (reports: readonly FileReport[]) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(inputs: readonly Input[], folder: OutputFolder, options: RunOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#works = inputs.map((input) => new FileWork(input));
    this.#reports = this.#works.map(() => undefined);
    this.#bytesTotal = inputs.reduce((total, { bytes }) => total + bytes, 0);
    const { rules, dataKey, reverse = false, onError, workers, signal } = options;
    const ended = new Promise<readonly FileReport[]>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const setup = { rules, dataKey, reverse, onError };
    this.#pool = new WorkerPool(workers, setup, {
      next: () => this.#next(),
      onResult: (result) => this.#guard(() => this.#take(result)),
      onWritten: (id) => this.#guard(() => this.#wrote(id)),
      onRead: (bytes) => this.#progress(bytes),
      onBroken: this.#reject,
    });
    signal?.addEventListener('abort', () => this.#reject(signal.reason), { once: true });
    if (signal?.aborted) this.#reject(signal.reason);
    this.#pool.fill();
    this.done = ended.finally(() => this.#pool.close());
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#reject(error);
    }
  }

  #next() {
    for (const work of this.#works) {
      if (work.isBegun) continue;
      const next = work.next(this.#tasksMade, this.#folder);
      if (!next) return undefined;
      this.#tasks.set(this.#tasksMade++, { work, index: next.index });
      return next.task;
    }
    return undefined;
  }

  #take(result: TaskResult): void {
    const task = this.#tasks.get(result.id);
    if (!task) return;
    const error = result.failed ?? result.errors[0];
    if (error && this.#options.onError === 'stop') throw new RunStopped(task.work.input.name, error);
    this.#progress(task.work.bytesOf(task.index));
    for (const { id, position } of task.work.take(task.index, result)) this.#pool.write(id, position);
    this.#finishIfWritten(task.work);
  }

  #wrote(id: number): void {
    const work = this.#tasks.get(id)?.work;
    this.#tasks.delete(id);
    work?.wrote();
    if (work) this.#finishIfWritten(work);
  }

  #finishIfWritten(work: FileWork): void {
    if (!work.isWritten) return;
    work.finish(this.#folder).then((report) => {
      if (report.failed && this.#options.onError === 'stop')
        return this.#reject(new RunStopped(report.input.name, report.failed));
      this.#reports[this.#works.indexOf(work)] = report;
      if (++this.#finished === this.#works.length)
        this.#resolve(this.#reports.filter((found) => found !== undefined));
    }, this.#reject);
  }

  #progress(bytes: number): void {
    this.#bytes += bytes;
    this.#options.onProgress?.({ bytes: this.#bytes, bytesTotal: this.#bytesTotal });
  }
}
