/*
 * Goal: wherever a stream is cut into chunks, the reader returns the same lines, within their bound.
 * Method: every cut of a sample, random bytes, and an endless line.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LINE_NOT_UTF8, LINE_TOO_LONG, type LineFault, LineReader } from '../../src/net/line-reader.ts';

function readAll(reader: LineReader, chunks: readonly Buffer[]): (string | LineFault)[] {
  const lines: (string | LineFault)[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line);
  }
  return lines;
}

/** The bytes cut at these places, in parts of any length, empty ones too. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => {
    const chunk = Buffer.from(bytes.subarray(start, end));
    start = end;
    return chunk;
  });
}

const PLACES = fc.array(fc.nat(), { maxLength: 40 });

test('wherever a stream is cut, it gives the same lines', () => {
  const line = fc
    .string({ unit: 'binary', maxLength: 60 })
    .map((text) => text.replace(/[\r\n]/g, ' ').toWellFormed());
  const ending = fc.constantFrom('\n', '\r\n');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, ending), { maxLength: 20 }), PLACES, (lines, places) => {
      const bytes = Buffer.from(lines.map(([text, end]) => text + end).join(''), 'utf8');
      assert.deepEqual(
        readAll(new LineReader(8_192), cut(bytes, places)),
        lines.map(([text]) => text),
      );
    }),
    { numRuns: 300 },
  );
});

test('random bytes: cut anywhere they give the same lines as in one piece', () => {
  // Newlines, continuation bytes and lead bytes are made likely.
  const byte = fc.oneof(
    fc.constantFrom(10, 13, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0xff, 0x41),
    fc.nat({ max: 255 }),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), PLACES, (values, places) => {
      const bytes = Buffer.from(values);
      assert.deepEqual(readAll(new LineReader(40), cut(bytes, places)), readAll(new LineReader(40), [bytes]));
    }),
    { numRuns: 500 },
  );
});

test('byte by byte, within characters and between \\r and \\n', () => {
  const bytes = Buffer.from('{"a":"€😀"}\r\nñ\n', 'utf8');
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  assert.deepEqual(readAll(new LineReader(100), chunks), ['{"a":"€😀"}', 'ñ']);
});

test('a line of the bound passes, one byte more does not, and ends the reading', () => {
  const long = Buffer.from(`${'x'.repeat(100)}\n`);
  assert.deepEqual(readAll(new LineReader(100), [long, long]), ['x'.repeat(100), 'x'.repeat(100)]);
  const longer = Buffer.from(`${'x'.repeat(101)}\n`);
  const reader = new LineReader(100);
  assert.deepEqual(readAll(reader, [longer, long]), [LINE_TOO_LONG]);
  assert.equal(reader.next(), undefined);
});

test('an endless line is refused as soon as it is over the bound, and is not kept', () => {
  const reader = new LineReader(100);
  let pushed = 0;
  let fault: unknown;
  while (fault === undefined && pushed < 1_000) {
    reader.push(Buffer.alloc(7, 'x'));
    pushed += 7;
    fault = reader.next();
  }
  assert.equal(fault, LINE_TOO_LONG);
  assert.equal(pushed, 105);
  assert.equal(reader.unfinished, false);
});

test('invalid UTF-8 makes only its own line invalid', () => {
  const invalid = [[0xff], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80]];
  for (const bytes of invalid) {
    const chunk = Buffer.concat([Buffer.from('a\n"'), Buffer.from(bytes), Buffer.from('"\nb\n')]);
    assert.deepEqual(readAll(new LineReader(100), [chunk]), ['a', LINE_NOT_UTF8, 'b'], chunk.toString('hex'));
  }
  assert.deepEqual(
    readAll(new LineReader(100), [Buffer.from('\uFFFD\n')]),
    ['\uFFFD'],
    'U+FFFD itself is UTF-8',
  );
});

test('lines are pulled: what was not asked for waits', () => {
  const reader = new LineReader(100);
  reader.push(Buffer.from('a\nb\nc'));
  assert.equal(reader.next(), 'a');
  assert.ok(reader.waitingBytes > 0);
  reader.push(Buffer.from('d\n'));
  assert.equal(reader.next(), 'b');
  assert.equal(reader.next(), 'cd');
  assert.equal(reader.next(), undefined);
  assert.equal(reader.waitingBytes, 0);
});
