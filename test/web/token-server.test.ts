import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerClock } from '../../web/src/token/device/server-clock.ts';
import { fragmentCode, readEnrolment } from '../../web/src/token/enrolment/enrolment-code.ts';
import { narrowed, offsetMs, offsetOf } from '../../web/src/token/server/clock-offset.ts';
import { MemoryStorage } from './memory-storage.ts';

test("the server's time is known within the request's time and a second, and better by each answer", () => {
  const trueOffset = -73_400;
  let known: ReturnType<typeof offsetOf>;
  for (let i = 0; i < 20; i++) {
    const sent = 1_767_225_600_000 + i * 3_370;
    const received = sent + 80;
    const server = sent + 40 + trueOffset;
    const seen = offsetOf(new Date(Math.floor(server / 1000) * 1000).toUTCString(), sent, received);
    assert.ok(seen && seen.leastMs <= trueOffset && trueOffset <= seen.mostMs);
    known = narrowed(known, seen);
  }
  assert.ok(Math.abs(offsetMs(known) - trueOffset) < 200, `${offsetMs(known)}`);
});

test('a device whose clock is at 1970, and ahead of the server’s by a little, still shows a code', () => {
  const clock = new ServerClock({ storage: new MemoryStorage(), now: () => 3 });
  clock.offset = { leastMs: -900, mostMs: 0 };
  assert.equal(clock.now(), 0);
});

test('a clock that was put right is believed at once', () => {
  const before = { leastMs: 60_000, mostMs: 61_000 };
  const now = { leastMs: -300, mostMs: 700 };
  assert.deepEqual(narrowed(before, now), now);
  assert.equal(offsetOf('not a date', 0, 1), undefined);
  assert.equal(offsetOf(null, 0, 1), undefined);
  assert.equal(offsetMs(undefined), 0);
});

test('a code is read as typed or from a link of this server, and of no other', () => {
  const origin = 'https://bank.example';
  const code = 'a3.Zm9vYmFyYmF6cXV4Zm9v';
  assert.deepEqual(readEnrolment(` ${code} `, origin), { code });
  assert.deepEqual(readEnrolment(`${origin}/token#enrol=${code}`, origin), { code });
  assert.equal(readEnrolment(`https://evil.example/token#enrol=${code}`, origin), 'foreign');
  assert.equal(readEnrolment(`https://bank.example.evil.example/token#enrol=${code}`, origin), 'foreign');
  assert.equal(readEnrolment('hello', origin), 'unreadable');
  assert.equal(readEnrolment(`${origin}/token#enrol=<script>`, origin), 'unreadable');
  assert.equal(fragmentCode(`#enrol=${code}`), code);
  assert.equal(fragmentCode('#other'), undefined);
});
