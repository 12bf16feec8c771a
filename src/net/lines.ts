import { LINE_NOT_UTF8, LINE_TOO_LONG, LineReader } from './line-reader.ts';

/** Thrown for a line that is longer than its bound or is not UTF-8. */
export class LineFaultError extends Error {
  override name = 'LineFaultError';
}

/** The lines of a byte stream, including a last one without a newline. @throws LineFaultError at an unreadable line */
export async function* linesOf(bytes: AsyncIterable<Buffer>, lineBytesMax: number): AsyncGenerator<string> {
  const reader = new LineReader(lineBytesMax);
  for await (const chunk of bytes) {
    reader.push(chunk);
    yield* pull(reader, lineBytesMax);
  }
  if (!reader.unfinished) return;
  reader.push(Buffer.from('\n'));
  yield* pull(reader, lineBytesMax);
}

function* pull(reader: LineReader, lineBytesMax: number): Generator<string> {
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    if (line === LINE_TOO_LONG) throw new LineFaultError(`longer than ${lineBytesMax} bytes`);
    if (line === LINE_NOT_UTF8) throw new LineFaultError('not UTF-8');
    yield line;
  }
}
