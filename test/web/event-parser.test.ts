import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventParser, type ServerEvent } from '../../web/src/api/event-parser.ts';

const STREAM =
  'retry: 1000\n\n: a comment\n\nid: 7\nevent: transaction.approved\ndata: {"a":1}\n\nid: 8\ndata: one\ndata:two\n\n';

test('events, their ids and the pause that the server asks for are read', () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push(STREAM), [
    { id: '7', type: 'transaction.approved', data: '{"a":1}' },
    { id: '8', type: 'message', data: 'one\ntwo' },
  ]);
  assert.equal(parser.lastEventId, '8');
  assert.equal(parser.retryMs, 1000);
});

test('however the stream is cut, the events are the same, with any kind of line end', () => {
  const whole = new EventParser().push(STREAM);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      (sizes, end) => {
        const text = STREAM.replaceAll('\n', end);
        const parser = new EventParser();
        const events: ServerEvent[] = [];
        let at = 0;
        for (const size of sizes) {
          events.push(...parser.push(text.slice(at, at + size)));
          at += size;
        }
        // A CR at the end of a chunk may be the first half of CRLF; the next chunk decides.
        events.push(...parser.push(`${text.slice(at)}:\n`));
        assert.deepEqual(events, whole);
      },
    ),
  );
});

test('an event that is incomplete when the stream breaks is not delivered', () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push('id: 1\ndata: x\n'), []);
  assert.equal(parser.lastEventId, undefined);
});

test('a line or an event without an end is refused instead of filling the memory', () => {
  assert.throws(() => new EventParser().push('x'.repeat(70_000)), RangeError);
  const parser = new EventParser();
  assert.throws(() => {
    for (let i = 0; i < 100; i++) parser.push(`data: ${'x'.repeat(1_000)}\n`);
  }, RangeError);
});
