import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { compressor, decompressor } from './compression.ts';
import { CsvPump } from './csv-pump.ts';
import { DocumentPump } from './document-pump.ts';
import { LinePump } from './line-pump.ts';
import { FileFailed, type Pump } from './pump.ts';
import type { Task } from './task.ts';
import type { TaskRecorder } from './task-recorder.ts';
import type { CompiledSetup } from './worker-setup.ts';
import { writeAll } from './write-all.ts';

/**
 * Transforms a file from its beginning to its end, as a stream: what is compressed, or is no list of lines, cannot be
 * split. @throws FileFailed when it is cut short or is not what its name says
 */
export async function transformFile(
  task: Task,
  setup: CompiledSetup,
  recorder: TaskRecorder,
  onRead: (bytes: number) => void,
): Promise<void> {
  const parts: Buffer[] = [];
  recorder.onOutput = (bytes) => {
    parts.push(Buffer.from(bytes));
  };
  const pump = pumpOf(task, setup, recorder);
  const file = createReadStream(task.path, { highWaterMark: 262_144 });
  let read = 0;
  file.on('data', (chunk) => {
    read += chunk.length;
  });
  const decompress = decompressor(task.compression);
  const source = decompress ? file.pipe(decompress) : file;
  file.on('error', (error) => source.destroy(error));

  async function* transformed(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        feed(pump, chunk);
        yield* parts.splice(0);
        onRead(read);
        read = 0;
      }
    } catch (error) {
      if (error instanceof FileFailed || !isDamage(error)) throw error;
      throw new FileFailed('compression', 0);
    }
    pump.end();
    yield* parts.splice(0);
  }
  let position = 0;
  const write = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) {
      writeAll(task.output, chunk, position);
      position += chunk.length;
    }
  };
  const compress = compressor(task.compression);
  const output = Readable.from(transformed(), { objectMode: true, highWaterMark: 4 });
  try {
    if (compress) await pipeline(output, compress, write);
    else await pipeline(output, write);
  } finally {
    file.destroy();
  }
}

function pumpOf(task: Task, setup: CompiledSetup, recorder: TaskRecorder): Pump {
  if (task.form === 'csv') return new CsvPump(setup, task.name, recorder);
  const scanner = setup.scannerOf(task.name);
  return task.form === 'document'
    ? new DocumentPump(scanner, recorder)
    : new LinePump(scanner, recorder, { start: 0, end: Number.MAX_SAFE_INTEGER });
}

function feed(pump: Pump, chunk: Buffer): void {
  let at = 0;
  while (at < chunk.length) {
    const space = pump.space();
    const bytes = Math.min(space.length, chunk.length - at);
    space.set(chunk.subarray(at, at + bytes));
    pump.filled(bytes);
    at += bytes;
  }
}

/** What zlib and zstd say of damaged input. */
function isDamage(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^(Z_|ZSTD_)/.test(code) || code === 'ERR_BUFFER_TOO_LARGE';
}
