import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { LinePump } from './line-pump.ts';
import { FileFailed } from './pump.ts';
import type { FromWorker, Task, ToWorker, WorkerSetup } from './task.ts';
import { TaskRecorder } from './task-recorder.ts';
import { transformFile } from './transform-file.ts';
import { compileSetup } from './worker-setup.ts';
import { writeAll } from './write-all.ts';

/** A worker thread of a run: takes tasks, one after the other, and tells what became of each. */
const port = parentPort;
if (!port) throw new Error('this module is a worker thread');
const setup = compileSetup(workerData as WorkerSetup);
const outputs = new Map<number, { readonly file: number; readonly parts: readonly Buffer[] }>();

const send = (message: FromWorker): void => port.postMessage(message);

let last = Promise.resolve();
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message)).catch(tell);
});

function tell(error: unknown): void {
  const { code = 'broken', message } = error as NodeJS.ErrnoException;
  send({ broken: { code, message } });
}

async function handle(message: ToWorker): Promise<void> {
  if ('write' in message) {
    write(message.write, message.position);
    return;
  }
  const { task } = message;
  const recorder = new TaskRecorder(task.id, setup.onError);
  try {
    if (task.range) readRange(task, task.range, recorder);
    else await transformFile(task, setup, recorder, (read) => send({ read }));
  } catch (error) {
    if (!(error instanceof FileFailed)) throw error;
    recorder.fail(error);
  }
  send({ result: recorder.result() });
}

/** Reads the lines that start in a range, straight into the scanner's memory. */
function readRange(
  task: Task,
  range: { readonly start: number; readonly end: number },
  recorder: TaskRecorder,
): void {
  const parts: Buffer[] = [];
  recorder.onOutput = (bytes) => {
    parts.push(Buffer.from(bytes));
  };
  const pump = new LinePump(setup.scannerOf(task.name), recorder, range);
  const file = openSync(task.path, 'r');
  try {
    let at = Math.max(0, range.start - 1);
    while (!pump.isDone) {
      const read = readSync(file, pump.space(), { position: at });
      if (read === 0) pump.end();
      else pump.filled(read);
      at += read;
    }
  } finally {
    closeSync(file);
  }
  outputs.set(task.id, { file: task.output, parts });
}

function write(id: number, position: number): void {
  const output = outputs.get(id);
  outputs.delete(id);
  let at = position;
  for (const part of output?.parts ?? []) {
    writeAll(output?.file ?? -1, part, at);
    at += part.length;
  }
  send({ written: id });
}
