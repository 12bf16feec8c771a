/*
 * Goal: the longest message passes, within the memory that long bodies may take, and a longer one is refused.
 * Method: the real server and the client library, once; it takes some seconds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/limits.ts';
import { testHttp } from './http-fixture.ts';
import { Person } from './messages-fixture.ts';

test('25 MiB go through as they are; more is refused, and so is a second such body of one sender meanwhile', async (t) => {
  const fixture = await testHttp(t);
  const [alice, bob] = [await Person.make(fixture, 'alice'), await Person.make(fixture, 'bob')];
  const content = Buffer.alloc(LIMITS.messageContentBytesMax, 'sello');
  const sealed = await alice.seal([bob], content);
  assert.ok(sealed.length > 60_000_000 && sealed.length <= LIMITS.messageBytesMax, `${sealed.length}`);
  const [one, other] = await Promise.all([alice.post(sealed), alice.post(sealed)]);
  assert.deepEqual([one.status, other.status].sort(), [201, 503], `${one.text} ${other.text}`);
  const { id } = [one, other].find(({ status }) => status === 201)?.json ?? {};
  const { opened, jwe } = await bob.open(id, alice);
  assert.ok(jwe === sealed && content.equals(opened.content));
  const long = await alice.post('x'.repeat(LIMITS.messageBytesMax + 1));
  assert.equal(long.json?.code, 'line_too_long');
});
