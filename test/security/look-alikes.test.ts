/*
 * Goal: letters of another script make no second user who looks like the first, and a payee that looks like a known one is
 * pointed out (UTS 39).
 * Method: the real server over HTTP; names and accounts with letters of Cyrillic and Greek.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD, testHttp } from '../wire/http/http-fixture.ts';

test('a name that looks like another user’s, or like a reserved one, is refused as a taken or a reserved name is', async (t) => {
  const http = await testHttp(t);
  const register = (username: string) => http.post('/v1/users', undefined, { username, password: PASSWORD });
  await http.user('alice');
  for (const like of ['\u0430lice', '\u03b1lice', 'ali\u0441e', '\u0430l\u0456\u0441\u0435']) {
    const { status, json } = await register(like);
    assert.deepEqual([status, json.code], [409, 'username_taken'], like);
    // Word for word what a taken name is told.
    assert.equal(json.detail, (await register('alice')).json.detail);
    const logIn = await http.post('/v1/sessions', undefined, { username: like, password: PASSWORD });
    assert.equal(logIn.json.code, 'credentials_invalid');
  }
  for (const like of ['\u0455ystem', 's\u0435llo']) {
    const { status, json } = await register(like);
    assert.deepEqual([status, json.code], [422, 'username_invalid'], like);
  }
  for (const other of ['Alice', 'a1ice', 'alicia', 'peña', 'мария'])
    assert.equal((await register(other)).status, 201);
});
